package dev.penstock.http.openai;

import static dev.penstock.http.Calls.GENERATE;
import static dev.penstock.http.Calls.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.http.Calls;
import dev.penstock.http.TinyServer;
import dev.penstock.http.Wire;
import dev.penstock.job.Failure;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
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
import tools.jackson.databind.JsonNode;

final class OpenAiProviderTest {
  private static final JobInput EXTRACT =
      new JobInput.Extract(TEXT, new JsonObject("{\"type\":\"object\",\"x\":1.50}"));

  @Test
  void chatCompletionsAreAskedAsTheReferenceHasIt() throws InterruptedException {
    JsonNode body =
        asked(new JobInput.Generate(TEXT, "Be brief.", 50), Map.of("stream", "false")).body();
    assertThat(body)
        .isEqualTo(
            Wire.read(
                "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},"
                    + "{\"role\":\"user\",\"content\":\""
                    + TEXT
                    + "\"}],\"max_tokens\":50}"));
  }

  @Test
  void streamsAreAskedForWithTheirUsage() throws InterruptedException {
    Asked asked = asked(GENERATE, Map.of());
    assertThat(asked.body().path("stream").booleanValue()).isTrue();
    assertThat(asked.body().at("/stream_options/include_usage").booleanValue()).isTrue();
    assertThat(asked.request().header("accept")).isEqualTo("text/event-stream");
    assertThat(asked(new JobInput.DetectLanguage(TEXT), Map.of()).body().has("stream")).isFalse();
  }

  @Test
  void schemasGoIntoTheResponseFormatAsTheyAre() throws InterruptedException {
    JsonNode format = asked(EXTRACT, Map.of()).body().path("response_format");
    assertThat(format.path("type").stringValue()).isEqualTo("json_schema");
    assertThat(format.at("/json_schema/strict").booleanValue()).isFalse();
    assertThat(format.at("/json_schema/schema"))
        .isEqualTo(Wire.read("{\"type\":\"object\",\"x\":1.50}"));
    assertThat(
            asked(new JobInput.Summarize(TEXT, 1), Map.of())
                .body()
                .at("/response_format/json_schema/strict")
                .booleanValue())
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource({"json_object,true", "none,false"})
  void schemasGoIntoThePromptWhereAServerHasNoFieldForThem(String format, boolean told)
      throws InterruptedException {
    JsonNode body = asked(EXTRACT, Map.of("response-format", format)).body();
    assertThat(body.has("response_format")).isEqualTo(told);
    assertThat(body.at("/messages/0/content").stringValue()).contains("{\"type\":\"object\"");
  }

  @Test
  void azureHasItsVersionInTheQueryAndTheKeyInAHeaderOfItsOwn() throws InterruptedException {
    Asked asked = asked(GENERATE, Map.of("api-version", "2024-10-21", "api-key", "k"));
    assertThat(asked.request().path()).isEqualTo("/v1/chat/completions?api-version=2024-10-21");
    assertThat(asked.request().header("api-key")).isEqualTo("k");
    assertThat(asked.request().header("authorization")).isEmpty();
    assertThat(asked.body().has("max_completion_tokens")).isTrue();
  }

  @Test
  void organizationAndProjectAreHeaders() throws InterruptedException {
    Asked asked = asked(GENERATE, Map.of("organization", "org-1", "project", "proj-2"));
    assertThat(asked.request().header("openai-organization")).isEqualTo("org-1");
    assertThat(asked.request().header("openai-project")).isEqualTo("proj-2");
  }

  @Test
  void responsesAreAskedWithoutBeingStored() throws InterruptedException {
    JsonNode body =
        asked(new JobInput.Generate(TEXT, "Be brief.", 5), Map.of("api", "responses")).body();
    assertThat(body.path("store").booleanValue()).isFalse();
    assertThat(body.path("instructions").stringValue()).isEqualTo("Be brief.");
    assertThat(body.path("max_output_tokens").intValue()).as("the least it takes").isEqualTo(16);
    assertThat(asked(EXTRACT, Map.of("api", "responses")).body().at("/text/format/name"))
        .isEqualTo(Wire.read("\"extraction\""));
  }

  @ParameterizedTest
  @CsvSource({"chat", "responses"})
  void cachedTokensAreCountedAmongTheInput(String api) throws InterruptedException {
    for (String stream : List.of("true", "false")) {
      try (var server = TinyServer.start(new TinyOpenAi());
          Provider provider = provider(server, Map.of("api", api, "stream", stream))) {
        ProviderResult.Answered answered = Calls.answered(provider, GENERATE);
        assertThat(answered.report().usage()).isEqualTo(new Usage(20, 7, 16));
        assertThat(answered.report().model()).isEqualTo("tiny-1");
      }
    }
  }

  @Test
  void embeddingsHaveUnitLength() throws InterruptedException {
    try (var server = TinyServer.start(new TinyOpenAi());
        Provider provider = provider(server, Map.of("embedding-model", "e"))) {
      ProviderResult.Answered answered = Calls.answered(provider, new JobInput.Embed(TEXT));
      assertThat(answered.output())
          .isEqualTo(new JobOutput.Embedding(new float[] {0.6f, 0, -0.8f}));
      assertThat(answered.report().usage()).isEqualTo(new Usage(9, 0, 0));
      assertThat(answered.report().requestId()).isEqualTo("req_1");
      assertThat(Wire.read(server.asked().getFirst().body()).path("model").stringValue())
          .isEqualTo("e");
    }
  }

  @Test
  void languagesAreToldInIso639Part3() throws InterruptedException {
    assertThat(
            output(
                new JobInput.DetectLanguage(TEXT),
                "{\"languages\":[{\"code\":\"DE-at\",\"confidence\":0.2},"
                    + "{\"code\":\"eng\",\"confidence\":7},{\"code\":\"klingon\",\"confidence\":1}]}"))
        .isEqualTo(
            new JobOutput.DetectedLanguages(
                List.of(new ScoredLabel("eng", 1), new ScoredLabel("deu", 0.2))));
  }

  @Test
  void scoresAreThoseOfTheJobsLabelsAndAddUpToOne() throws InterruptedException {
    assertThat(
            output(
                new JobInput.Classify(TEXT, List.of("a", "b", "c")),
                "```json"
                    + " {\"scores\":[{\"label\":\"b\",\"score\":0.375},{\"label\":\"x\",\"score\":1},{\"label\":\"a\",\"score\":0.125},{\"label\":\"c\",\"score\":-3}]}\n"
                    + "```"))
        .isEqualTo(
            new JobOutput.Classification(
                List.of(
                    new ScoredLabel("b", 0.75),
                    new ScoredLabel("a", 0.25),
                    new ScoredLabel("c", 0))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stop|{}|retryable",
        "stop|[1]|retryable",
        "stop|{\"sentences\":[]}|retryable",
        "stop|{\"sentences\":[\" \"]}|retryable",
        "stop|Certainly! Here is|retryable",
        "length|{\"sentences\":[\"One|context_too_long",
        "content_filter|{\"sentences\":[\"One|content_refused"
      })
  void whatTheModelDidNotWriteAsAskedIsAFailure(String reason, String content, String code)
      throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.json(200, completion(content, reason)));
        Provider provider = provider(server, Map.of("stream", "false"))) {
      Failure failure = Calls.failure(provider, new JobInput.Summarize(TEXT, 3));
      assertThat(failure.code()).isEqualTo(code);
      assertThat(failure.message()).doesNotContain("Certainly");
    }
  }

  @Test
  void aRefusalIsNoAnswer() throws InterruptedException {
    String refusal =
        "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I can't.\"},"
            + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5}}";
    try (var server = TinyServer.start(TinyServer.json(200, refusal));
        Provider provider = provider(server, Map.of("stream", "false"))) {
      ProviderResult.Failed failed = Calls.failed(provider, GENERATE);
      assertThat(failed.failure()).isInstanceOf(Failure.ContentRefused.class);
      assertThat(failed.report().usage()).as("it was paid for").isEqualTo(new Usage(5, 0, 0));
    }
  }

  @Test
  void textThatWasCutAtTheJobsBoundIsTheAnswer() throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.json(200, completion("Half an", "length")));
        var silent = TinyServer.start(TinyServer.json(200, completion("", "length")));
        Provider provider = provider(server, Map.of("stream", "false"));
        Provider thinking = provider(silent, Map.of("stream", "false"))) {
      assertThat(Calls.answered(provider, GENERATE).output())
          .isEqualTo(new JobOutput.Text("Half an"));
      assertThat(Calls.failure(thinking, GENERATE)).isInstanceOf(Failure.ContextTooLong.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"no\"}}|throttled",
        "{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"no\"}}|retryable",
        "{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"content_filter\"},\"output\":[]}|content_refused",
        "{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"},\"output\":[]}|context_too_long",
        "{\"status\":\"completed\",\"output\":[{\"content\":[{\"type\":\"refusal\",\"refusal\":\"no\"}]}]}|content_refused",
        "{\"status\":\"queued\",\"output\":[]}|retryable",
        "{\"status\":\"completed\"}|retryable",
        "{}|retryable"
      })
  void responsesThatAreNotCompletedAreFailures(String response, String code)
      throws InterruptedException {
    TinyServer.Script streamed =
        TinyServer.events(
            List.of("data: {\"type\":\"response.completed\",\"response\":" + response + "}"));
    for (TinyServer.Script script : List.of(TinyServer.json(200, response), streamed)) {
      try (var server = TinyServer.start(script);
          Provider provider = provider(server, Map.of("api", "responses"))) {
        assertThat(Calls.failure(provider, GENERATE).code()).isEqualTo(code);
      }
    }
  }

  /** What was asked, as it arrived. */
  private record Asked(TinyServer.Asked request, JsonNode body) {}

  private static Asked asked(JobInput input, Map<String, String> settings)
      throws InterruptedException {
    try (var server = TinyServer.start(new TinyOpenAi());
        Provider provider = provider(server, settings)) {
      provider.call(Calls.call(input));
      TinyServer.Asked request = server.asked().getFirst();
      return new Asked(request, Wire.read(request.body()));
    }
  }

  private static JobOutput output(JobInput input, String content) throws InterruptedException {
    try (var server = TinyServer.start(TinyServer.json(200, completion(content, "stop")));
        Provider provider = provider(server, Map.of("stream", "false"))) {
      return Calls.answered(provider, input).output();
    }
  }

  private static String completion(String content, String reason) {
    return "{\"choices\":[{\"message\":"
        + Wire.line(Wire.object().put("content", content))
        + ",\"finish_reason\":\""
        + reason
        + "\"}]}";
  }

  private static Provider provider(TinyServer server, Map<String, String> more) {
    var settings = new HashMap<>(more);
    settings.put("base-url", server.url());
    settings.put("model", "m");
    return new OpenAiProviderFactory().create("wire", settings);
  }
}
