package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** HTTP/1.1 as clients send it. */
class ConnectionTest {
  private static final String HEAD =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: fake\r\nAuthorization: Bearer sk-fake\r\n";

  private static FakeProvider server;

  @BeforeAll
  static void start() {
    server = FakeProvider.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void aConnectionServesRequestAfterRequest() throws Exception {
    String request = HEAD + "Content-Length: " + RawClient.CHAT.length() + "\r\n";

    // Both are sent at once; the second asks for the end.
    String answers =
        exchange(
            request
                + "\r\n"
                + RawClient.CHAT
                + request
                + "Connection: close\r\n\r\n"
                + RawClient.CHAT);

    assertThat(answers.split("HTTP/1.1 200 OK", -1)).hasSize(3);
  }

  @Test
  void bodiesCanComeInChunks() throws Exception {
    String body = RawClient.CHAT;
    String chunks =
        Integer.toHexString(10)
            + ";ext=1\r\n"
            + body.substring(0, 10)
            + "\r\n"
            + Integer.toHexString(body.length() - 10)
            + "\r\n"
            + body.substring(10)
            + "\r\n0\r\nTrailer: x\r\n\r\n";

    String answer =
        exchange(HEAD + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);

    assertThat(answer).startsWith("HTTP/1.1 200 OK").contains("chat.completion");
  }

  @Test
  void aClientThatAsksBeforehandIsToldToGoOn() throws Exception {
    String answer =
        exchange(
            HEAD
                + "Connection: close\r\nExpect: 100-continue\r\nContent-Length: "
                + RawClient.CHAT.length()
                + "\r\n\r\n"
                + RawClient.CHAT);

    assertThat(answer).startsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /~ | 400 | the request line is 'GET /'",
        "GET / HTTP/1.1~:x | 400 | a header line is ':x'",
        "POST / HTTP/1.1~Content-Length: -1 | 400 | the length of a body is '-1'",
        "POST / HTTP/1.1~Content-Length: 99999999999 | 413 | the body is over 33554432 bytes",
        "POST / HTTP/1.1~Transfer-Encoding: chunked~~zz | 400 | the length of a body is 'zz'"
      })
  void whatIsNoHttpIsRefused(String request, int status, String message) throws Exception {
    String answer = exchange(request.strip().replace("~", "\r\n") + "\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 " + status).contains("fake provider: " + message);
  }

  @Test
  void aHeadWithoutAnEndIsRefused() throws Exception {
    String answer = exchange("GET / HTTP/1.1\r\nX: " + "x".repeat(Connection.MAX_HEAD_BYTES));

    assertThat(answer).startsWith("HTTP/1.1 431");
  }

  private static String exchange(String request) throws Exception {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }
}
