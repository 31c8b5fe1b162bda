package dev.penstock.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.broker.FreePort;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ChildJvmTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir private Path directory;

  /** What the children run. */
  static final class Child {
    private Child() {}

    /** Prints its settings, then ends with a code or waits to be ended. */
    public static void main(String[] args) throws InterruptedException {
      System.out.println("heap " + Runtime.getRuntime().maxMemory() + " hello " + args[0]);
      if (args[0].equals("wait")) {
        Thread.sleep(LONG.multipliedBy(10));
      }
      System.exit(7);
    }
  }

  private ChildJvm start(String argument) {
    return ChildJvm.start(
        new ChildJvm.Command("child", Child.class.getName(), List.of("-Xmx64m"), List.of(argument)),
        directory);
  }

  @Test
  void runsOnThisClassPathWithItsOwnOptionsAndLog() throws Exception {
    try (ChildJvm child = start("there")) {
      assertThat(child.awaitEnd(LONG)).isTrue();
      assertThat(child.exitCode()).hasValue(7);
      assertThat(child.logTail(5)).contains("heap " + 64 * 1024 * 1024, "hello there");
      assertThatThrownBy(child::checkAlive)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("child has ended with code 7")
          .hasMessageContaining("hello there");
    }
  }

  @Test
  void closingEndsIt() {
    ChildJvm child = start("wait");
    assertThat(child.exitCode()).isEmpty();
    child.close();
    assertThat(child.isAlive()).isFalse();
    assertThat(ProcessHandle.of(child.pid()).filter(ProcessHandle::isAlive)).isEmpty();
  }

  @Test
  void killingEndsItAtOnce() throws Exception {
    try (ChildJvm child = start("wait")) {
      child.kill();
      assertThat(child.exitCode()).hasValue(128 + 9);
    }
  }

  @Test
  void waitingForAProcessThatEndsTellsWhy() {
    try (ChildJvm child = start("there")) {
      URI nowhere = URI.create("http://127.0.0.1:" + FreePort.find() + "/readyz");
      assertThatThrownBy(() -> child.awaitReady(nowhere, LONG))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("hello there");
    }
  }
}
