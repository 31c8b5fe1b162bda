package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.fake.RawClient.Answer;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Chat completions, keys, and what is counted. */
class OpenAiChatTest {
  private FakeProvider server;

  OpenAiChatTest() {
    server = FakeProvider.start();
  }

  @BeforeEach
  void check() {
    assertThat(server.stats().calls()).isZero();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theSameRequestHasTheSameAnswer() throws Exception {
    JsonNode once = RawClient.chat(server, RawClient.CHAT).json();
    JsonNode again = RawClient.chat(server, RawClient.CHAT).json();
    JsonNode other = RawClient.chat(server, RawClient.CHAT.replace("turns", "shines")).json();

    String content = "/choices/0/message/content";
    assertThat(once.at(content)).isEqualTo(again.at(content)).isNotEqualTo(other.at(content));
    assertThat(once.at("/id")).isNotEqualTo(again.at("/id"));
    assertThat(once.at(content).asString()).hasSize(128);
  }

  @Test
  void usageIsTrue() throws Exception {
    JsonNode answer =
        RawClient.chat(
                server,
                RawClient.CHAT.replace("{\"model\"", "{\"max_completion_tokens\":5,\"model\""))
            .json();

    // "What turns?" is 11 characters: 3 tokens.
    assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(3);
    assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(5);
    assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(8);
    assertThat(answer.at("/choices/0/finish_reason").asString()).isEqualTo("length");
    assertThat(answer.at("/choices/0/message/content").asString()).hasSize(20);
    assertThat(server.stats().inputTokens()).isEqualTo(3);
    assertThat(server.stats().outputTokens()).isEqualTo(5);
  }

  @Test
  void tokensCanBeToldToComeFromACache() throws Exception {
    server.script("{\"cachedTokens\":2}");

    JsonNode chat = RawClient.chat(server, RawClient.CHAT).json();
    JsonNode message =
        RawClient.post(
                server,
                "/v1/messages",
                RawClient.CHAT.replace("{\"model\"", "{\"max_tokens\":9,\"model\""),
                Set.of("x-api-key: sk-fake", "anthropic-version: 2023-06-01"))
            .json();

    assertThat(chat.at("/usage/prompt_tokens").asInt()).isEqualTo(3);
    assertThat(chat.at("/usage/prompt_tokens_details/cached_tokens").asInt()).isEqualTo(2);
    assertThat(message.at("/usage/input_tokens").asInt()).isEqualTo(1);
    assertThat(message.at("/usage/cache_read_input_tokens").asInt()).isEqualTo(2);
  }

  @Test
  void aStreamSaysTheSameInPieces() throws Exception {
    String whole =
        RawClient.chat(server, RawClient.CHAT).json().at("/choices/0/message/content").asString();
    Answer answer =
        RawClient.chat(
            server,
            RawClient.CHAT.replace(
                "{\"model\"",
                "{\"stream\":true,\"stream_options\":{\"include_usage\":true},\"model\""));

    assertThat(answer.header("content-type")).startsWith("text/event-stream");
    assertThat(answer.data()).last().isEqualTo("[DONE]");
    var chunks =
        answer.data().stream()
            .filter(data -> !data.equals("[DONE]"))
            .map(Json.MAPPER::readTree)
            .toList();
    var text = new StringBuilder();
    chunks.forEach(chunk -> text.append(chunk.at("/choices/0/delta/content").asString("")));
    assertThat(text).hasToString(whole);
    assertThat(chunks.getFirst().at("/choices/0/delta/role").asString()).isEqualTo("assistant");
    assertThat(chunks.getFirst().at("/usage").isNull()).isTrue();
    assertThat(chunks.get(chunks.size() - 2).at("/choices/0/finish_reason").asString())
        .isEqualTo("stop");
    assertThat(chunks.getLast().at("/choices")).isEmpty();
    assertThat(chunks.getLast().at("/usage/total_tokens").asInt()).isEqualTo(35);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | missing | you must provide a model parameter",
        "{\"model\":\"m\"} | messages | Missing required parameter: 'messages'.",
        "{\"model\":\"m\",\"messages\":3} | messages | Invalid type for 'messages': expected an"
            + " array of objects, but got an integer instead.",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]} | messages[0].role"
            + " | Invalid value: 'king'.",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":0} |"
            + " max_tokens | Invalid 'max_tokens': integer below minimum value.",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"temperature\":3} |"
            + " temperature | Invalid 'temperature': decimal above maximum value.",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"prompt\":3} |"
            + " prompt | Unknown parameter: 'prompt'.",
        "{\"model | missing | We could not parse the JSON body of your request."
      })
  void wrongRequestsAreRefusedAsTheApiDoes(String body, String param, String message)
      throws Exception {
    Answer answer = RawClient.chat(server, body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("invalid_request_error");
    assertThat(answer.json().at("/error/param").asString("missing").replaceAll("^$", "missing"))
        .isEqualTo(param);
    assertThat(answer.json().at("/error/message").asString()).startsWith(message);
    assertThat(server.stats().outcomes()).containsEntry("invalid", 1L);
  }

  @Test
  void aMissingOrWrongKeyIsRefused() throws Exception {
    Answer missing = RawClient.post(server, "/v1/chat/completions", RawClient.CHAT, Set.of());
    Answer wrong =
        RawClient.post(
            server,
            "/v1/chat/completions",
            RawClient.CHAT,
            Set.of("authorization: Bearer sk-wrong-key-1234"));

    assertThat(missing.status()).isEqualTo(401);
    assertThat(missing.json().at("/error/code").isNull()).isTrue();
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.json().at("/error/code").asString()).isEqualTo("invalid_api_key");
    assertThat(wrong.json().at("/error/message").asString())
        .isEqualTo("Incorrect API key provided: sk-w*********1234.");
    assertThat(server.calls()).allMatch(call -> call.outcome().equals("unauthenticated"));
    assertThat(server.calls().getFirst().key()).isEmpty();
    assertThat(server.calls().getLast().key()).hasSize(12).doesNotContain("sk-");
  }

  @Test
  void anUnknownModelAndAnUnknownPathAreNotFound() throws Exception {
    server.script("{\"models\":[\"gpt-other\"]}");

    Answer model = RawClient.chat(server, RawClient.CHAT);
    Answer path = RawClient.post(server, "/v1/chat", "{}", Set.of("authorization: Bearer sk-fake"));
    Answer models =
        RawClient.send(server, "GET", "/v1/models", "", Set.of("authorization: Bearer sk-fake"));

    assertThat(model.status()).isEqualTo(404);
    assertThat(model.json().at("/error/code").asString()).isEqualTo("model_not_found");
    assertThat(path.status()).isEqualTo(404);
    assertThat(path.json().at("/error/message").asString())
        .isEqualTo("Invalid URL (POST /v1/chat)");
    assertThat(models.json().at("/data/0/id").asString()).isEqualTo("gpt-other");
  }

  @Test
  void aPromptBeyondTheContextIsRefused() throws Exception {
    server.script("{\"contextTokens\":2}");

    Answer answer = RawClient.chat(server, RawClient.CHAT);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/code").asString()).isEqualTo("context_length_exceeded");
    assertThat(answer.json().at("/error/message").asString())
        .contains("maximum context length is 2 tokens", "resulted in 3 tokens");
  }

  @Test
  void structuredAnswersFitTheirSchema() throws Exception {
    String schema =
        "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"age\":{\"type\":"
            + "\"integer\",\"minimum\":18,\"maximum\":99},\"mood\":{\"enum\":[\"good\",\"bad\"]}},"
            + "\"required\":[\"name\",\"age\",\"mood\"],\"additionalProperties\":false}";
    JsonNode answer =
        RawClient.chat(
                server,
                RawClient.CHAT.replace(
                    "{\"model\"",
                    "{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":"
                        + "\"person\",\"schema\":"
                        + schema
                        + "}},\"model\""))
            .json();

    JsonNode person = Json.MAPPER.readTree(answer.at("/choices/0/message/content").asString());
    assertThat(person.at("/name").isString()).isTrue();
    assertThat(person.at("/age").asInt()).isBetween(18, 99);
    assertThat(person.at("/mood").asString()).isIn("good", "bad");
    assertThat(person).hasSize(3);
  }

  @Test
  void limitsAreKeptAndToldAsTheApiDoes() throws Exception {
    server.script(
        "{\"limits\":{\"requestsPerMinute\":2,\"tokensPerMinute\":600000,\"burst\":\"1s\"}}");

    Answer first = RawClient.chat(server, RawClient.CHAT);
    Answer second = RawClient.chat(server, RawClient.CHAT);

    assertThat(first.status()).isEqualTo(200);
    assertThat(first.header("x-ratelimit-limit-requests")).isEqualTo("2");
    assertThat(first.header("x-ratelimit-remaining-requests")).isEqualTo("0");
    assertThat(Integer.parseInt(first.header("x-ratelimit-remaining-tokens")))
        .isBetween(9_997, 10_000);
    assertThat(second.status()).isEqualTo(429);
    assertThat(second.json().at("/error/type").asString()).isEqualTo("requests");
    assertThat(second.json().at("/error/code").asString()).isEqualTo("rate_limit_exceeded");
    assertThat(second.json().at("/error/message").asString())
        .startsWith(
            "Rate limit reached for gpt-fake-1 in organization org-fake on requests per min (RPM):"
                + " Limit 2, Used 2, Requested 1. Please try again in ");
    assertThat(Integer.parseInt(second.header("retry-after"))).isBetween(1, 30);
    assertThat(Integer.parseInt(second.header("retry-after-ms"))).isBetween(1, 30_000);
    Stats stats = server.stats();
    assertThat(stats.limited()).isEqualTo(1);
    assertThat(stats.answered()).isEqualTo(1);
    assertThat(stats.keys()).hasSize(1);
    assertThat(stats.keys().getFirst().requestsUsedShare()).isPositive();
    assertThat(stats.perSecond().stream().mapToLong(Stats.Second::limited).sum()).isEqualTo(1);
  }

  @Test
  void idempotencyKeysSeenAgainAreCounted() throws Exception {
    Set<String> headers = Set.of("authorization: Bearer sk-fake", "idempotency-key: job-1-1");
    RawClient.post(server, "/v1/chat/completions", RawClient.CHAT, headers);
    RawClient.post(server, "/v1/chat/completions", RawClient.CHAT, headers);

    assertThat(server.stats().idempotencyKeysSeenAgain())
        .containsOnly(java.util.Map.entry("job-1-1", 2));
    assertThat(server.calls().getFirst().idempotencyKey()).isEqualTo("job-1-1");
  }

  @Test
  void theControlEndpointsWork() throws Exception {
    Answer wrong = RawClient.send(server, "PUT", "/_fake/script", "{\"x\":1}", Set.of());
    Answer set =
        RawClient.send(
            server,
            "PUT",
            "/_fake/script",
            "{\"rules\":[{\"do\":\"error\",\"status\":500}]}",
            Set.of());
    Answer failed = RawClient.chat(server, RawClient.CHAT);
    RawClient.send(server, "DELETE", "/_fake/script", "", Set.of());
    Answer answered = RawClient.chat(server, RawClient.CHAT);
    Answer stats = RawClient.send(server, "GET", "/_fake/stats", "", Set.of());
    Answer calls = RawClient.send(server, "GET", "/_fake/calls", "", Set.of());
    RawClient.send(server, "DELETE", "/_fake/stats", "", Set.of());

    assertThat(wrong.status()).isEqualTo(400);
    assertThat(wrong.header("content-type")).isEqualTo("application/problem+json");
    assertThat(wrong.json().at("/code").asString()).isEqualTo("script_invalid");
    assertThat(wrong.json().at("/errors/0/message").asString()).startsWith("/x is not known here");
    assertThat(set.status()).isEqualTo(204);
    assertThat(failed.status()).isEqualTo(500);
    assertThat(answered.status()).isEqualTo(200);
    assertThat(stats.json().at("/calls").asInt()).isEqualTo(2);
    assertThat(stats.json().at("/outcomes/status_500").asInt()).isEqualTo(1);
    assertThat(calls.json().at("/1/outcome").asString()).isEqualTo("answered");
    assertThat(server.stats().calls()).isZero();
  }

  @Test
  void durationsAreWrittenAsTheApiDoes() {
    assertThat(OpenAi.goDuration(Duration.ZERO)).isEqualTo("0s");
    assertThat(OpenAi.goDuration(Duration.ofMillis(12))).isEqualTo("12ms");
    assertThat(OpenAi.goDuration(Duration.ofMillis(1_200))).isEqualTo("1.2s");
    assertThat(OpenAi.goDuration(Duration.ofMinutes(6))).isEqualTo("6m0s");
    assertThat(OpenAi.goDuration(Duration.ofSeconds(3_661))).isEqualTo("1h1m1s");
  }
}
