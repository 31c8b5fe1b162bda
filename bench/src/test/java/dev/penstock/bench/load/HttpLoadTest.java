package dev.penstock.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class HttpLoadTest {
  @Test
  void everyRequestIsSentWholeAndEveryAnswerCounted() throws Exception {
    var bodyBytes = new AtomicLong();
    var requests = new AtomicLong();
    WebServer server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .routing(routing ->
                routing.post(
                    "/",
                    (request, response) -> {
                      bodyBytes.addAndGet(request.content().as(byte[].class).length);
                      long number = requests.incrementAndGet();
                      if (number % 10 == 0) {
                        response.header(HeaderValues.CONNECTION_CLOSE);
                      }
                      response
                          .status(number % 4 == 0 ? Status.TOO_MANY_REQUESTS_429 : Status.OK_200)
                          .send("answer");
                    }))
            .build()
            .start();
    try {
      String body = "x".repeat(300_000);
      byte[] request =
          ("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
              .getBytes(StandardCharsets.US_ASCII);

      HttpLoad.Result result = HttpLoad.run(server.port(), 7, request, 100);

      assertThat(result.byStatus()).isEqualTo(Map.of(200, 75L, 429, 25L));
      assertThat(result.answers()).isEqualTo(100);
      assertThat(bodyBytes).hasValue(100L * body.length());
      assertThat(result.latencyMicros().getTotalCount()).isEqualTo(100);
      assertThat(result.rate()).isPositive();
    } finally {
      server.stop();
    }
  }

  @Test
  void aConnectionThatIsClosedIsAnError() throws Exception {
    try (var server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              server.accept().close();
            } catch (IOException _) {
              // the test closes the server
            }
          });
      byte[] request = "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      assertThatThrownBy(() -> HttpLoad.run(server.getLocalPort(), 1, request, 1))
          .isInstanceOf(IOException.class);
    }
  }
}
