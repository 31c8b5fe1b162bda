package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Many slow calls at once need few threads, and end when their clients leave. */
class ManyCallsTest {
  private static final int CALLS = 1_000;

  @Test
  void aThousandSlowCallsAreServedAtOnce() throws Exception {
    var sockets = new ArrayList<Socket>();
    try (var server = FakeProvider.start()) {
      server.script("{\"latency\":\"1h\"}");
      for (int i = 0; i < CALLS; i++) {
        sockets.add(
            RawClient.open(
                server,
                "POST",
                "/v1/chat/completions",
                RawClient.CHAT,
                Set.of("authorization: Bearer sk-fake")));
      }
      await().atMost(Duration.ofMinutes(1)).until(() -> server.stats().inFlight() == CALLS);
      assertThat(ManagementFactory.getThreadMXBean().getThreadCount()).isLessThan(100);

      for (Socket socket : sockets) {
        socket.close();
      }
      await().atMost(Duration.ofMinutes(1)).until(() -> server.stats().calls() == CALLS);
      assertThat(server.stats().outcomes())
          .containsOnly(java.util.Map.entry("client_gone", 1_000L));
      assertThat(server.stats().peakInFlight()).isEqualTo(CALLS);
      assertThat(server.stats().inFlight()).isZero();
    }
  }

  @Test
  void closingCutsWhatIsUnderWay() throws Exception {
    Socket socket;
    var server = FakeProvider.start();
    server.script("{\"latency\":\"1h\"}");
    socket =
        RawClient.open(
            server,
            "POST",
            "/v1/chat/completions",
            RawClient.CHAT,
            Set.of("authorization: Bearer sk-fake"));
    await().atMost(Duration.ofMinutes(1)).until(() -> server.stats().inFlight() == 1);

    server.close();

    assertThat(RawClient.read(socket.getInputStream()).status()).isZero();
    socket.close();
    await().atMost(Duration.ofMinutes(1)).until(() -> server.stats().inFlight() == 0);
  }
}
