package dev.penstock.streams.query;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class StallGuardTest {
  @Test
  void aWriteToAClientThatTakesNothingIsCut() throws Exception {
    try (var guard = new StallGuard();
        var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var client = new Socket(server.getInetAddress(), server.getLocalPort());
        var accepted = server.accept()) {
      var ended = new CompletableFuture<Exception>();
      Thread.startVirtualThread(() -> {
        var bytes = new byte[1 << 20];
        try {
          while (true) {
            guard.within(
                Duration.ofMillis(100),
                () -> {
                  accepted.getOutputStream().write(bytes);
                  return 0;
                });
          }
        } catch (IOException e) {
          ended.complete(e);
        }
      });
      assertThat(ended.get(30, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
      assertThat(accepted.isClosed()).isTrue();
      assertThat(client.isClosed()).isFalse();
    }
  }

  @Test
  void whatEndsInTimeIsNotInterrupted() throws Exception {
    try (var guard = new StallGuard()) {
      var interrupted = new CompletableFuture<Boolean>();
      Thread.startVirtualThread(() -> {
        int answer = guard.within(Duration.ofMillis(1), () -> 7);
        interrupted.complete(answer != 7 || Thread.currentThread().isInterrupted());
      });
      assertThat(interrupted.get(30, TimeUnit.SECONDS)).isFalse();
    }
  }
}
