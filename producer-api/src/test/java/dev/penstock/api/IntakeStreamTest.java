package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Json;
import dev.penstock.config.Settings;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Streams of jobs, over real HTTP and a real broker. */
final class IntakeStreamTest {
  private static final int MAX_LINES = 3_000;
  private static final int MAX_LINE_BYTES = 100_000;

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
                    "topics.partitions", "2",
                    "api.port", "0",
                    "api.max-body-bytes", String.valueOf(MAX_LINE_BYTES),
                    "api.max-stream-lines", String.valueOf(MAX_LINES),
                    "api.max-stream-megabytes", "1",
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

  @Test
  void everyLineHasItsAnswerInOrderAndItsJobOnTheTopic() {
    int lines = 2_500;
    HttpResponse<String> response =
        stream(
            IntStream.range(0, lines)
                .mapToObj(i -> line("text " + i))
                .collect(Collectors.joining("\n")));
    assertThat(response.statusCode()).isEqualTo(200);
    List<JsonNode> answers = answers(response.body());
    assertThat(answers)
        .extracting(a -> a.path("line").asInt())
        .containsExactlyElementsOf(IntStream.rangeClosed(1, lines).boxed().toList());
    Set<String> onTopic =
        Topic.read(broker.bootstrapServers(), "penstock.jobs", 2).stream()
            .map(record -> new String(record.key(), StandardCharsets.UTF_8))
            .collect(Collectors.toSet());
    assertThat(answers)
        .extracting(a -> a.path("id").asString(""))
        .doesNotHaveDuplicates()
        .isSubsetOf(onTopic);
  }

  @Test
  void badLinesAreRefusedAndHarmNoOther() {
    HttpResponse<String> response =
        stream(
            String.join(
                "\r\n",
                line("one"),
                "{oops",
                "",
                line("x".repeat(MAX_LINE_BYTES)),
                "{\"kind\":\"embed\",\"input\":{\"text\":5}}",
                "[".repeat(10_000),
                "  ",
                line("eight")));
    assertThat(answers(response.body()).stream().map(IntakeStreamTest::brief))
        .containsExactly(
            "1 ok",
            "2 malformed_json",
            "4 line_too_long",
            "5 invalid_job",
            "6 malformed_json",
            "8 ok");
  }

  @Test
  void aLineMayBeAsLongAsTheBound() {
    String longest = line("x".repeat(MAX_LINE_BYTES - line("").length()));
    assertThat(longest).hasSize(MAX_LINE_BYTES);
    assertThat(
            answers(stream(longest + "\n" + longest + "x\n" + longest).body()).stream()
                .map(IntakeStreamTest::brief))
        .containsExactly("1 ok", "2 line_too_long", "3 ok");
  }

  @Test
  void aStreamAsLongAsTheBoundIsTakenAndTheNextLineEndsIt() {
    String full = (line("t") + "\n").repeat(MAX_LINES);
    assertThat(answers(stream(full).body()))
        .hasSize(MAX_LINES)
        .allSatisfy(answer -> assertThat(brief(answer)).endsWith(" ok"));
    List<JsonNode> answers = answers(stream(full + line("t") + "\n" + line("t")).body());
    assertThat(answers).hasSize(MAX_LINES + 1);
    assertThat(brief(answers.getLast())).isEqualTo((MAX_LINES + 1) + " too_many_lines");
  }

  @Test
  void aStreamLargerThanTheBoundIsEnded() {
    List<JsonNode> answers = answers(stream((line("x".repeat(50_000)) + "\n").repeat(30)).body());
    assertThat(brief(answers.getLast())).endsWith(" stream_too_large");
    assertThat(answers).hasSizeBetween(18, 24);
  }

  @Test
  void answersComeWhileTheClientStillSends() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs", "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked");
      for (int i = 1; i <= 3; i++) {
        connection.send(chunk(line("text " + i) + "\n"));
        connection.readUntil("{\"line\":" + i + ",\"id\":\"");
      }
      connection.send("0\r\n\r\n");
      connection.readUntil("\r\n0\r\n\r\n");
    }
  }

  @Test
  void aClientThatFallsSilentIsToldAndKeepsWhatWasAnswered() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs", "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked");
      connection.send(chunk(line("text") + "\n{\"kind\":"));
      assertThat(connection.readToEnd())
          .contains("{\"line\":1,\"id\":\"")
          .contains("{\"line\":2,\"error\":{")
          .contains("request_timeout");
    }
  }

  @Test
  void anEndedConnectionEndsTheStream() throws Exception {
    try (var connection = RawConnection.open(intake.port())) {
      connection.sendHead(
          "POST /v1/jobs", "Content-Type: application/x-ndjson", "Content-Length: 5000");
      connection.send(line("text") + "\n{\"kind\":\"embed\"");
      connection.endOutput();
      assertThat(connection.readToEnd())
          .contains("{\"line\":1,\"id\":\"")
          .contains("{\"line\":2,\"error\":{")
          .contains("incomplete_body");
    }
    assertThat(client.post(Client.JOB).statusCode()).isEqualTo(202);
  }

  @Test
  void aKeyInTheHeaderIsRefused() {
    HttpResponse<String> response =
        client.post(
            line("t"), "Content-Type", "application/x-ndjson", "Idempotency-Key", "one-for-all");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Client.code(response)).isEqualTo("invalid_idempotency_key");
  }

  private static HttpResponse<String> stream(String body) {
    return client.post(
        BodyPublishers.ofString(body), "Content-Type", "application/x-ndjson; charset=utf-8");
  }

  private static String line(String text) {
    return "{\"kind\":\"embed\",\"input\":{\"text\":\"" + text + "\"}}";
  }

  private static String chunk(String text) {
    return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
  }

  private static List<JsonNode> answers(String body) {
    return body.lines().map(Json.MAPPER::readTree).toList();
  }

  private static String brief(JsonNode answer) {
    return answer.path("line").asLong() + " " + answer.path("error").path("code").asString("ok");
  }
}
