package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.fake.RawClient.Answer;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Anthropic's messages, at the level of bytes. */
class AnthropicMessagesTest {
  private static final String MESSAGE =
      "{\"model\":\"claude-fake-1\",\"max_tokens\":100,\"messages\":[{\"role\":\"user\","
          + "\"content\":\"What turns?\"}]}";
  private static final String STREAM = MESSAGE.replace("{\"model\"", "{\"stream\":true,\"model\"");
  private static final Set<String> HEADERS =
      Set.of("x-api-key: sk-fake", "anthropic-version: 2023-06-01");

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

  @Test
  void anAnswerIsAMessage() throws Exception {
    Answer answer = send(MESSAGE);

    assertThat(answer.header("request-id")).startsWith("req_011C");
    assertThat(answer.json().at("/type").asString()).isEqualTo("message");
    assertThat(answer.json().at("/content/0/text").asString()).hasSize(128);
    assertThat(answer.json().at("/stop_reason").asString()).isEqualTo("end_turn");
    assertThat(answer.json().at("/usage/input_tokens").asInt()).isEqualTo(3);
    assertThat(answer.json().at("/usage/output_tokens").asInt()).isEqualTo(32);
  }

  @Test
  void aStreamHasAllEventsInTheirOrder() throws Exception {
    Answer answer = send(STREAM);

    assertThat(answer.names().stream().distinct())
        .containsExactly(
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop");
    var text = new StringBuilder();
    answer.data().stream()
        .map(Json.MAPPER::readTree)
        .forEach(event -> text.append(event.at("/delta/text").asString("")));
    assertThat(text).hasToString(send(MESSAGE).json().at("/content/0/text").asString());
  }

  @ParameterizedTest
  @CsvSource({
    "400, invalid_request_error",
    "401, authentication_error",
    "402, billing_error",
    "403, permission_error",
    "404, not_found_error",
    "413, request_too_large",
    "422, invalid_request_error",
    "429, rate_limit_error",
    "500, api_error",
    "504, timeout_error",
    "529, overloaded_error"
  })
  void errorsHaveTheBodiesOfTheApi(int status, String type) throws Exception {
    server.script("{\"rules\":[{\"do\":\"error\",\"status\":" + status + "}]}");

    Answer answer = send(MESSAGE);

    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.json().at("/type").asString()).isEqualTo("error");
    assertThat(answer.json().at("/error/type").asString()).isEqualTo(type);
    assertThat(answer.json().at("/request_id").asString()).isEqualTo(answer.header("request-id"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | model: Field required",
        "{\"model\":\"m\"} | max_tokens: Field required",
        "{\"model\":\"m\",\"max_tokens\":0} | max_tokens: Input should be greater than or equal to"
            + " 1",
        "{\"model\":\"m\",\"max_tokens\":1} | messages: Field required",
        "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]} | messages: at least one message is"
            + " required",
        "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"system\",\"content\":\"x\"}]}"
            + " | messages: Unexpected role \"system\". The Messages API accepts a top-level"
            + " `system` parameter, not \"system\" as an input message role.",
        "{\"model\":\"m\",\"max_tokens\":1,\"n\":1} | n: Extra inputs are not permitted",
        "[] | The request body is not valid JSON: it is not an object"
      })
  void wrongRequestsAreRefusedAsTheApiDoes(String body, String message) throws Exception {
    Answer answer = send(body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("invalid_request_error");
    assertThat(answer.json().at("/error/message").asString()).isEqualTo(message);
  }

  @Test
  void keyAndVersionAreAskedFor() throws Exception {
    Answer noKey =
        RawClient.post(server, "/v1/messages", MESSAGE, Set.of("anthropic-version: 2023-06-01"));
    Answer noVersion =
        RawClient.post(server, "/v1/messages", MESSAGE, Set.of("x-api-key: sk-fake"));

    assertThat(noKey.status()).isEqualTo(401);
    assertThat(noKey.json().at("/error/type").asString()).isEqualTo("authentication_error");
    assertThat(noVersion.status()).isEqualTo(400);
    assertThat(noVersion.json().at("/error/message").asString())
        .isEqualTo("anthropic-version: header is required");
  }

  @Test
  void limitsAreToldWithTimes() throws Exception {
    server.script("{\"limits\":{\"tokensPerMinute\":60,\"burst\":\"1s\"}}");

    Answer first = send(MESSAGE);
    Answer second = send(MESSAGE);

    assertThat(first.header("anthropic-ratelimit-tokens-limit")).isEqualTo("60");
    assertThat(second.status()).isEqualTo(429);
    assertThat(second.json().at("/error/type").asString()).isEqualTo("rate_limit_error");
    assertThat(Integer.parseInt(second.header("retry-after"))).isBetween(1, 36);
    assertThat(second.headers()).doesNotContainKey("retry-after-ms");
    assertThat(Instant.parse(second.header("anthropic-ratelimit-tokens-reset")))
        .isAfter(server.calls().getLast().at());
    assertThat(second.header("anthropic-ratelimit-tokens-remaining")).isEqualTo("0");
  }

  @Test
  void aStreamCanEndWithAnErrorOrWithoutItsEnd() throws Exception {
    server.script(
        "{\"rules\":[{\"do\":\"stream_error\",\"when\":{\"calls\":[1]}},"
            + "{\"do\":\"unfinished_stream\"}]}");

    Answer error = send(STREAM);
    Answer unfinished = send(STREAM);

    assertThat(error.names()).last().isEqualTo("error");
    assertThat(Json.MAPPER.readTree(error.data().getLast()).at("/error/type").asString())
        .isEqualTo("overloaded_error");
    assertThat(unfinished.whole()).isTrue();
    assertThat(unfinished.names()).contains("message_start").doesNotContain("message_stop");
  }

  @Test
  void countingTokensCostsNone() throws Exception {
    Answer answer =
        RawClient.post(
            server,
            "/v1/messages/count_tokens",
            MESSAGE.replace("\"max_tokens\":100,", ""),
            HEADERS);

    assertThat(answer.json().at("/input_tokens").asInt()).isEqualTo(3);
    assertThat(server.stats().inputTokens()).isZero();
    assertThat(server.stats().answered()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "insufficient_quota, Your credit balance is too low",
    "context_length_exceeded, prompt is too long: 3 tokens > 128000 maximum",
    "prompt_blocked, Output blocked by content filtering policy"
  })
  void refusalsByNameAreInvalidRequests(String name, String message) throws Exception {
    server.script("{\"rules\":[{\"do\":\"" + name + "\"}]}");

    Answer answer = send(MESSAGE);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/message").asString()).startsWith(message);
  }

  private static Answer send(String body) throws Exception {
    return RawClient.post(server, "/v1/messages", body, HEADERS);
  }
}
