package dev.penstock.http.anthropic;

import static dev.penstock.http.Calls.GENERATE;
import static dev.penstock.http.Calls.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.http.Calls;
import dev.penstock.http.TinyServer;
import dev.penstock.http.Wire;
import dev.penstock.job.Failure;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JsonObject;
import dev.penstock.job.Usage;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderResult;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AnthropicProviderTest {
  private static final JobInput EXTRACT =
      new JobInput.Extract(TEXT, new JsonObject("{\"type\":\"object\"}"));

  @Test
  void messagesAreAskedAsTheReferenceHasIt() throws InterruptedException {
    try (var server = TinyServer.start(new TinyAnthropic());
        Provider provider = provider(server, Map.of("api-key", "k", "stream", "false"))) {
      provider.call(Calls.call(new JobInput.Generate(TEXT, "Be brief.", 50)));
      TinyServer.Asked asked = server.asked().getFirst();
      assertThat(asked.path()).isEqualTo("/v1/messages");
      assertThat(asked.header("x-api-key")).isEqualTo("k");
      assertThat(asked.header("authorization")).isEmpty();
      assertThat(asked.header("anthropic-version")).isEqualTo("2023-06-01");
      assertThat(Wire.read(asked.body()))
          .isEqualTo(
              Wire.read(
                  "{\"model\":\"m\",\"max_tokens\":50,\"system\":\"Be brief.\",\"messages\":[{"
                      + "\"role\":\"user\",\"content\":\""
                      + TEXT
                      + "\"}]}"));
    }
  }

  @Test
  void jsonIsAskedForAsTheInputOfAToolThatMustBeUsed() throws InterruptedException {
    for (String stream : List.of("true", "false")) {
      try (var server = TinyServer.start(new TinyAnthropic());
          Provider provider = provider(server, Map.of("stream", stream))) {
        assertThat(Calls.answered(provider, EXTRACT).output())
            .isEqualTo(new JobOutput.Extracted(new JsonObject("{\"name\":\"Ishmael\"}")));
        var body = Wire.read(server.asked().getFirst().body());
        assertThat(body.at("/tools/0/input_schema")).isEqualTo(Wire.read("{\"type\":\"object\"}"));
        assertThat(body.path("tool_choice"))
            .isEqualTo(Wire.read("{\"type\":\"tool\",\"name\":\"extraction\"}"));
      }
    }
  }

  @Test
  void tokensOfItsCacheAreCountedAmongTheInput() throws InterruptedException {
    for (String stream : List.of("true", "false")) {
      try (var server = TinyServer.start(new TinyAnthropic());
          Provider provider = provider(server, Map.of("stream", stream))) {
        ProviderResult.Answered answered = Calls.answered(provider, GENERATE);
        assertThat(answered.report().usage()).isEqualTo(new Usage(20, 7, 10));
        assertThat(answered.report().model()).isEqualTo("tiny-1");
      }
    }
  }

  @Test
  void requestIdsComeFromTheHeaderOrTheError() throws InterruptedException {
    try (var server = TinyServer.start(new TinyAnthropic());
        Provider provider = provider(server, Map.of("stream", "false"));
        Provider wrong = provider(server, Map.of("model", "no-such-model"))) {
      assertThat(Calls.answered(provider, GENERATE).report().requestId()).isEqualTo("req_011");
      ProviderResult.Failed failed = Calls.failed(wrong, GENERATE);
      assertThat(failed.report().requestId()).isEqualTo("req_in_body");
      assertThat(failed.failure())
          .isInstanceOfSatisfying(
              Failure.ModelNotFound.class,
              failure -> assertThat(failure.message()).contains("404", "no-such-model"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "refusal, content_refused",
    "model_context_window_exceeded, context_too_long",
    "max_tokens, context_too_long"
  })
  void stopReasonsAreFailures(String reason, String code) throws InterruptedException {
    String message =
        "{\"type\":\"message\",\"content\":[{\"type\":\"tool_use\",\"input\":{\"a\":1}}],"
            + "\"stop_reason\":\""
            + reason
            + "\",\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}";
    try (var server = TinyServer.start(TinyServer.json(200, message));
        Provider provider = provider(server, Map.of("stream", "false"))) {
      ProviderResult.Failed failed = Calls.failed(provider, EXTRACT);
      assertThat(failed.failure().code()).isEqualTo(code);
      assertThat(failed.report().usage()).isEqualTo(new Usage(5, 1, 0));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "data: {\"type\":\"message_start\"}",
        "data:"
            + " {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}",
        "data: {\"type\":\"message_stop\"}",
        "data: [DONE]"
      })
  void aStreamWithoutItsEndIsNoAnswer(String event) throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.events(List.of(event)));
        Provider provider = provider(server, Map.of())) {
      assertThat(Calls.failure(provider, GENERATE)).isInstanceOf(Failure.Retryable.class);
    }
  }

  @Test
  void anErrorWithinAStreamIsClassifiedAsAnyOther() throws InterruptedException {
    try (var server =
            TinyServer.start(
                TinyServer.events(
                    List.of(
                        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
                            + "\"model\":\"m-1\",\"usage\":{\"input_tokens\":9}}}",
                        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
                            + "\"overloaded_error\",\"message\":\"Overloaded\"}}")));
        Provider provider = provider(server, Map.of())) {
      ProviderResult.Failed failed = Calls.failed(provider, GENERATE);
      assertThat(failed.failure()).isInstanceOf(Failure.Overloaded.class);
      assertThat(failed.report().usage()).as("it was paid for").isEqualTo(new Usage(9, 0, 0));
    }
  }

  private static Provider provider(TinyServer server, Map<String, String> more) {
    var settings = new HashMap<>(Map.of("model", "m"));
    settings.putAll(more);
    settings.put("base-url", server.url());
    return new AnthropicProviderFactory().create("wire", settings);
  }
}
