package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.penstock.codec.Json;
import dev.penstock.fake.RawClient.Answer;
import dev.penstock.fake.RawClient.Ending;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

/** What a client sees of each misbehaviour, at the level of bytes. */
class MisbehaviourTest {
  private static final String STREAM =
      RawClient.CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");

  private static FakeProvider server;

  @BeforeAll
  static void start() {
    server = FakeProvider.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void reset() {
    server.script("{}");
    server.resetStats();
  }

  @ParameterizedTest
  @CsvSource({
    "400, invalid_request_error, ",
    "401, invalid_request_error, invalid_api_key",
    "403, request_forbidden, unsupported_country_region_territory",
    "404, invalid_request_error, model_not_found",
    "413, invalid_request_error, ",
    "422, invalid_request_error, ",
    "429, requests, rate_limit_exceeded",
    "500, server_error, ",
    "503, service_unavailable_error, server_is_overloaded",
    "529, server_error, "
  })
  void errorsHaveTheBodiesOfTheApi(int status, String type, String code) throws Exception {
    server.script("{'rules':[{'do':'error','status':%d}]}".formatted(status).replace('\'', '"'));

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("x-request-id")).startsWith("req_");
    assertThat(answer.json().at("/error/type").asString()).isEqualTo(type);
    assertThat(answer.json().at("/error/code").asString("")).isEqualTo(code == null ? "" : code);
    assertThat(answer.json().at("/error/message").asString()).isNotBlank();
    assertThat(answer.headers()).doesNotContainKey("retry-after");
    assertThat(server.stats().outcomes()).containsEntry("status_" + status, 1L);
    assertThat(server.stats().inputTokens()).isZero();
  }

  @Test
  void aBadGatewayIsAPage() throws Exception {
    script("{'do':'error','status':502}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isEqualTo(502);
    assertThat(answer.header("content-type")).isEqualTo("text/html");
    assertThat(answer.text()).contains("<title>502 Bad Gateway</title>");
  }

  @Test
  void tooManyRequestsShowThatNothingIsLeft() throws Exception {
    script("{'do':'error','status':429,'retryAfter':'1500ms'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.header("retry-after")).isEqualTo("2");
    assertThat(answer.headers()).doesNotContainKey("retry-after-ms");
    assertThat(answer.header("x-ratelimit-remaining-requests")).isEqualTo("0");
    assertThat(answer.header("x-ratelimit-reset-requests")).isEqualTo("1.5s");
  }

  @Test
  void retryAfterCanBeMillisecondsOrADate() throws Exception {
    script(
        "{'do':'error','status':503,'retryAfter':'250ms','retryAfterAs':'ms','when':{'calls':[1]}},"
            + "{'do':'error','status':429,'retryAfter':'1h','retryAfterAs':'date',"
            + "'quotaHeaders':false}");

    Answer millis = RawClient.chat(server, RawClient.CHAT);
    Answer date = RawClient.chat(server, RawClient.CHAT);

    assertThat(millis.header("retry-after-ms")).isEqualTo("250");
    assertThat(
            ZonedDateTime.parse(date.header("retry-after"), DateTimeFormatter.RFC_1123_DATE_TIME))
        .isAfter(ZonedDateTime.now(ZoneOffset.UTC).plusMinutes(50));
    assertThat(date.headers()).doesNotContainKey("x-ratelimit-remaining-requests");
  }

  @ParameterizedTest
  @CsvSource({
    "context_length_exceeded, 400, context_length_exceeded",
    "insufficient_quota, 429, insufficient_quota",
    "prompt_blocked, 400, content_filter"
  })
  void refusalsByNameHaveTheirCode(String name, int status, String code) throws Exception {
    script("{'do':'" + name + "'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.json().at("/error/code").asString()).isEqualTo(code);
    assertThat(server.stats().outcomes()).containsEntry(name, 1L);
  }

  @Test
  void aModelCanDecline() throws Exception {
    script("{'do':'refusal'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.json().at("/choices/0/message/content").isNull()).isTrue();
    assertThat(answer.json().at("/choices/0/message/refusal").asString()).contains("can't help");
  }

  @ParameterizedTest
  @ValueSource(strings = {"content_filter", "length"})
  void anAnswerCanEndEarly(String reason) throws Exception {
    script("{'do':'" + reason + "'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.json().at("/choices/0/finish_reason").asString()).isEqualTo(reason);
    assertThat(answer.json().at("/choices/0/message/content").asString()).hasSize(64);
    assertThat(answer.json().at("/usage/completion_tokens").asInt()).isEqualTo(16);
  }

  @Test
  void malformedJsonIsWholeByItsLength() throws Exception {
    script("{'do':'malformed_json'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.whole()).isTrue();
    assertThatThrownBy(answer::json).isInstanceOf(JacksonException.class);
  }

  @Test
  void malformedJsonInAStreamIsOneEvent() throws Exception {
    script("{'do':'malformed_json'}");

    Answer answer = RawClient.chat(server, STREAM);

    assertThat(answer.whole()).isTrue();
    assertThat(answer.data()).last().isEqualTo("[DONE]");
    assertThat(answer.data().stream().filter(MisbehaviourTest::isBroken).count()).isEqualTo(1);
  }

  @Test
  void aWrongContentTypeComesWithStatus200() throws Exception {
    script("{'do':'wrong_content_type'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-type")).startsWith("text/html");
    assertThat(answer.text()).startsWith("<!DOCTYPE html>");
  }

  @Test
  void anEmptyBodyIsEmpty() throws Exception {
    script("{'do':'empty_body'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-length")).isEqualTo("0");
  }

  @Test
  void aHugeBodyHasTheScriptedSize() throws Exception {
    script("{'do':'huge_body','bytes':3000000}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.header("content-length")).isEqualTo("3000012");
    assertThat(answer.body()).hasSize(3_000_012);
  }

  @Test
  void anUnfinishedStreamEndsInOrderButWithoutItsLastEvents() throws Exception {
    script("{'do':'unfinished_stream'}");

    Answer answer = RawClient.chat(server, STREAM);

    assertThat(answer.whole()).isTrue();
    assertThat(answer.data()).hasSizeGreaterThan(1).doesNotContain("[DONE]");
    assertThat(answer.text()).doesNotContain("\"stop\"");
  }

  @Test
  void aStreamCanEndWithAnError() throws Exception {
    script("{'do':'stream_error'}");

    Answer answer = RawClient.chat(server, STREAM);

    assertThat(answer.data()).hasSizeGreaterThan(1);
    assertThat(Json.MAPPER.readTree(answer.data().getLast()).at("/error/type").asString())
        .isEqualTo("server_error");
  }

  @Test
  void aDripIsWholeInTheEnd() throws Exception {
    script("{'do':'drip','over':'200ms'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.whole()).isTrue();
    assertThat(answer.json().at("/object").asString()).isEqualTo("chat.completion");
    assertThat(server.stats().answered()).isEqualTo(1);
  }

  @Test
  void aCutEndsInTheMiddleOfTheBody() throws Exception {
    script("{'do':'cut','at':0.5}");

    Answer whole = RawClient.chat(server, RawClient.CHAT);
    Answer stream = RawClient.chat(server, STREAM);

    assertThat(whole.status()).isEqualTo(200);
    assertThat(whole.whole()).isFalse();
    assertThat(whole.body()).isNotEmpty();
    assertThat(whole.ending()).isEqualTo(Ending.CLOSED);
    assertThat(stream.whole()).isFalse();
    assertThat(stream.body()).isNotEmpty();
    assertThat(server.stats().outcomes()).containsEntry("cut", 2L);
  }

  @Test
  void aCutAtZeroSendsNothing() throws Exception {
    script("{'do':'cut','at':0}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isZero();
    assertThat(answer.ending()).isEqualTo(Ending.CLOSED);
  }

  @Test
  void aResetIsAReset() throws Exception {
    script("{'do':'reset'}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isZero();
    assertThat(answer.ending()).isEqualTo(Ending.RESET);
  }

  @Test
  void aHangEndsWhenItsTimeIsOver() throws Exception {
    script("{'do':'hang','at':0.3,'for':'100ms'}");

    Answer answer = RawClient.chat(server, STREAM);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.whole()).isFalse();
    assertThat(server.stats().outcomes()).containsEntry("hang", 1L);
  }

  @Test
  void aClientThatLeavesIsSeenAtOnce() throws Exception {
    script("{'do':'hang','when':{'calls':[1]}},{'latency':'1h'}");
    Set<String> key = Set.of("authorization: Bearer sk-fake");
    var hanging = RawClient.open(server, "POST", "/v1/chat/completions", RawClient.CHAT, key);
    await().atMost(Duration.ofMinutes(1)).until(() -> server.stats().inFlight() == 1);
    var slow = RawClient.open(server, "POST", "/v1/chat/completions", STREAM, key);
    await().atMost(Duration.ofMinutes(1)).until(() -> server.stats().inFlight() == 2);

    hanging.close();
    slow.close();

    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThat(server.stats().outcomes())
                .containsEntry("hang", 1L)
                .containsEntry("client_gone", 1L));
    assertThat(server.stats().inFlight()).isZero();
    assertThat(server.stats().peakInFlight()).isEqualTo(2);
  }

  @Test
  void anErrorCanTakeItsTime() throws Exception {
    script("{'do':'error','status':500,'latency':'50ms'}");
    long began = System.nanoTime();

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isEqualTo(500);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(45));
  }

  private static boolean isBroken(String data) {
    try {
      return !data.equals("[DONE]") && Json.MAPPER.readTree(data) == null;
    } catch (JacksonException _) {
      return true;
    }
  }

  private static void script(String rules) {
    server.script(("{'rules':[" + rules + "]}").replace('\'', '"'));
  }
}
