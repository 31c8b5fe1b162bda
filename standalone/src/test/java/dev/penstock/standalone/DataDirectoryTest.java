package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.lifecycle.StartException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir private Path temp;

  @Test
  void isHeldByOneAtATime() {
    var first = new DataDirectory(temp.resolve("data"));
    var second = new DataDirectory(temp.resolve("data"));
    first.start();

    assertThatThrownBy(second::start)
        .isInstanceOf(StartException.class)
        .hasMessage(
            "the data directory "
                + temp.resolve("data")
                + " is in use by another Penstock (process "
                + ProcessHandle.current().pid()
                + "); stop that one, or give another directory with --data");

    first.close();
    var third = new DataDirectory(temp.resolve("data"));
    third.start();
    third.close();
  }

  @Test
  void whatIsNoDirectoryCannotBeUsed() throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "");

    assertThatThrownBy(new DataDirectory(file)::start)
        .isInstanceOf(StartException.class)
        .hasMessageContaining("can't be used")
        .hasMessageContaining("--data");
  }

  @Test
  void aSecondStopDoesNothing() {
    var directory = new DataDirectory(temp);
    directory.close();
    directory.start();
    directory.close();

    assertThat(temp.resolve("penstock.lock")).doesNotExist();
  }
}
