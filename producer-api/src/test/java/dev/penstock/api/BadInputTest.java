package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.config.Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients should not send, one by one over real HTTP. After each a good request works. */
final class BadInputTest {
  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static IntakeService intake;
  private static Client client;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
    intake =
        IntakeService.of(
            Settings.of(
                Map.of(
                    "kafka.bootstrap", broker.bootstrapServers(),
                    "topics.partitions", "1",
                    "api.port", "0",
                    "api.body-timeout", "2s")));
    intake.start();
    client = new Client(intake.port());
  }

  @AfterAll
  static void stop() {
    client.close();
    intake.close();
    broker.close();
  }

  @AfterEach
  void aGoodRequestStillWorks() {
    assertThat(client.post(Client.JOB).statusCode()).isEqualTo(202);
  }

  @Test
  void malformedJson() {
    for (String body :
        List.of("{", "{\"kind\":", "kind=embed", "{\"kind\":NaN}", "\u0000", "{}}", "[1,]")) {
      refused(client.post(body), 400, "malformed_json");
    }
  }

  @Test
  void wrongTypes() {
    for (String body : List.of("[]", "\"text\"", "null", "5", "{\"kind\":5,\"input\":[]}")) {
      refused(client.post(body), 422, "invalid_job");
    }
  }

  @Test
  void unknownKindAndUnknownFields() {
    refused(client.post("{\"kind\":\"translate\",\"input\":{\"text\":\"t\"}}"), 422, "invalid_job");
    refused(
        client.post("{\"kind\":\"embed\",\"input\":{\"text\":\"t\",\"__proto__\":1}}"),
        422,
        "invalid_job");
  }

  @Test
  void aBodyOfTenMegabytes() {
    String body = Client.JOB.replace("Water", "x".repeat(10_000_000));
    refused(client.post(body), 413, "body_too_large");
    refused(
        client.post(
            BodyPublishers.ofInputStream(
                () -> new java.io.ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)))),
        413,
        "body_too_large");
  }

  @Test
  void anAnnouncedBodyThatIsTooLargeIsRefusedBeforeItIsSent() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs", "Content-Type: application/json", "Content-Length: 99999999999");
      assertThat(connection.readToEnd())
          .startsWith("HTTP/1.1 413 ")
          .contains("body_too_large")
          .containsIgnoringCase("Connection: close");
    }
  }

  @Test
  void aChunkThatIsTooLarge() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs", "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked");
      connection.send("7fffffff\r\n");
      byte[] part = new byte[1_000_000];
      java.util.Arrays.fill(part, (byte) ' ');
      try {
        for (int i = 0; i < 30; i++) {
          connection.send(part);
        }
      } catch (SocketException _) {
        // Closed while we send: what it answered before may still be read.
      }
      assertThat(connection.readToEnd()).contains("body_too_large");
    }
  }

  @Test
  void nestingTenThousandDeep() {
    refused(client.post("[".repeat(10_000)), 400, "malformed_json");
    refused(
        client.post("{\"a\":".repeat(10_000) + "1" + "}".repeat(10_000)), 400, "malformed_json");
  }

  @Test
  void invalidUtf8() {
    byte[] body = Client.JOB.replace("Water", "W\u00e4ter").getBytes(StandardCharsets.ISO_8859_1);
    refused(client.post(BodyPublishers.ofByteArray(body)), 400, "malformed_json");
    refused(
        client.post(BodyPublishers.ofByteArray(Client.JOB.getBytes(StandardCharsets.UTF_16))),
        400,
        "malformed_json");
  }

  @Test
  void duplicateKeys() {
    refused(
        client.post("{\"kind\":\"embed\",\"kind\":\"embed\",\"input\":{\"text\":\"t\"}}"),
        400,
        "malformed_json");
  }

  @Test
  void loneSurrogates() {
    refused(client.post(Client.JOB.replace("Water", "\\ud800")), 422, "invalid_job");
    refused(client.post(Client.JOB.replace("Water", "\\udc00x")), 422, "invalid_job");
    assertThat(client.post(Client.JOB.replace("Water", "\\ud83d\\ude00")).statusCode())
        .isEqualTo(202);
  }

  @Test
  void negativeAndHugeNumbers() {
    for (String number :
        List.of("-1", "0", "1e400", "-1e400", "99999999999999999999", "1.5", "1e-400")) {
      refused(
          client.post(
              "{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"maxAttempts\":" + number + "}"),
          422,
          "invalid_job");
    }
    refused(client.post("{\"maxAttempts\":" + "9".repeat(1_000) + "}"), 400, "malformed_json");
  }

  @Test
  void aJobThatIsLargerAsARecordThanAsABody() {
    // Raw, a control character can't stand in JSON; escaped it takes six bytes, here and there.
    String text = "\\u0001".repeat(166_000);
    HttpResponse<String> response =
        client.post("{\"kind\":\"embed\",\"input\":{\"text\":\"" + text + "\"}}");
    assertThat(response.statusCode()).isEqualTo(202);
    String labels = "\"labels\":{\"a\":\"" + "\\u0001".repeat(200) + "\"}";
    refused(
        client.post(
            "{\"kind\":\"embed\",\"input\":{\"text\":\""
                + "\\u0001".repeat(166_450)
                + "\"},"
                + labels
                + "}"),
        413,
        "job_too_large");
    refused(
        client.post(
            "{\"kind\":\"embed\",\"input\":{\"text\":\""
                + "\\u0001".repeat(166_450)
                + "\"},"
                + labels
                + "}",
            "Idempotency-Key",
            "large"),
        413,
        "job_too_large");
  }

  @Test
  void aSlowClientIsToldSo() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs", "Content-Type: application/json", "Content-Length: 1000");
      drip(connection);
      assertThat(connection.readToEnd())
          .startsWith("HTTP/1.1 408 ")
          .contains("request_timeout")
          .containsIgnoringCase("Connection: close");
    }
  }

  @Test
  void aClientThatIsSlowWithItsHeadersIsToldSo() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.send("POST /v1/jobs HTTP/1.1\r\nX-Slow: ");
      drip(connection);
      assertThat(connection.readToEnd()).startsWith("HTTP/1.1 408 ").contains("request_timeout");
    }
  }

  /** A byte now and then, each soon enough for a timeout that starts anew with every read. */
  private static void drip(RawConnection connection) throws InterruptedException {
    try {
      for (int i = 0; i < 20; i++) {
        connection.send(" ");
        Thread.sleep(200);
      }
    } catch (IOException _) {
      // The server has had enough.
    }
  }

  @Test
  void aHalfClosedConnection() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs",
          "Content-Type: application/json",
          "Content-Length: " + Client.JOB.length());
      connection.send(Client.JOB);
      connection.endOutput();
      assertThat(connection.readToEnd()).startsWith("HTTP/1.1 202 ");
    }
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs", "Content-Type: application/json", "Content-Length: 1000");
      connection.send(Client.JOB);
      connection.endOutput();
      assertThat(connection.readToEnd()).startsWith("HTTP/1.1 400 ").contains("incomplete_body");
    }
  }

  @Test
  void anEmptyBody() {
    refused(client.post(""), 400, "empty_body");
    refused(client.post("", "Content-Type", "application/x-ndjson"), 400, "empty_body");
    refused(client.post("  "), 400, "malformed_json");
  }

  @Test
  void aWrongContentType() {
    for (String type :
        List.of("text/plain", "application/xml", "application/jsonx", "json", "*/*")) {
      refused(client.post(Client.JOB, "Content-Type", type), 415, "unsupported_media_type");
    }
    refused(
        client.send("POST", "/v1/jobs", BodyPublishers.ofString(Client.JOB)),
        415,
        "unsupported_media_type");
    assertThat(
            client.post(Client.JOB, "Content-Type", "Application/JSON; charset=utf-8").statusCode())
        .isEqualTo(202);
  }

  @Test
  void aBodyInGzip() throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      gzip.write(Client.JOB.getBytes(StandardCharsets.UTF_8));
    }
    refused(
        client.post(BodyPublishers.ofByteArray(bytes.toByteArray()), "Content-Encoding", "gzip"),
        415,
        "unsupported_encoding");
  }

  @Test
  void headersThatAreTooLarge() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead("GET /healthz", "X-Large: " + "x".repeat(20_000));
      assertThat(connection.readToEnd())
          .startsWith("HTTP/1.1 431 ")
          .contains("headers_too_large")
          .contains("X-Content-Type-Options");
    }
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead("GET /" + "x".repeat(20_000));
      assertThat(connection.readToEnd()).startsWith("HTTP/1.1 414 ").contains("uri_too_long");
    }
  }

  @Test
  void framingThatIsNotValid() throws Exception {
    for (String[] headers :
        new String[][] {
          {"Content-Length: -1"},
          {"Content-Length: x"},
          {"Content-Length: 5", "Transfer-Encoding: chunked"},
          {"Transfer-Encoding: chunked, chunked"},
        }) {
      try (var connection = RawConnection.open(intake.port())) {
        String[] all = java.util.Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = "Content-Type: application/json";
        connection.sendHead("POST /v1/jobs", all);
        assertThat(connection.readToEnd())
            .as(String.join(", ", headers))
            .startsWith("HTTP/1.1 400 ")
            .contains("\"code\":\"bad_request\"");
      }
    }
    try (var connection = RawConnection.open(intake.port())) {
      connection.send("this is not HTTP\r\n\r\n");
      assertThat(connection.readToEnd()).startsWith("HTTP/1.1 400 ").doesNotContain("not HTTP");
    }
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs", "Content-Type: application/json", "Transfer-Encoding: chunked");
      connection.send("zz\r\n");
      assertThat(connection.readToEnd()).startsWith("HTTP/1.1 400 ");
    }
  }

  @Test
  void aBadPath() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead("GET /v1/jobs/%zz", "Connection: close");
      assertThat(connection.readToEnd()).startsWith("HTTP/1.1 400 ");
    }
    for (String path : List.of("/v1/jobs/..%2f..%2fetc", "/v1/jobs/x%00", "/docs/../secret")) {
      assertThat(client.get(path).statusCode()).as(path).isIn(400, 404);
    }
  }

  @Test
  void aBadIdempotencyKey() {
    for (String key : List.of("", "x".repeat(256), "tab\there")) {
      refused(client.post(Client.JOB, "Idempotency-Key", key), 400, "invalid_idempotency_key");
    }
  }

  private static void refused(HttpResponse<String> response, int status, String code) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(Client.code(response)).isEqualTo(code);
  }
}
