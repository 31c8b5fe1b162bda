package dev.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.fake.CallRecord;
import dev.penstock.fake.FakeProvider;
import dev.penstock.http.anthropic.AnthropicProviderFactory;
import dev.penstock.http.openai.OpenAiProviderFactory;
import dev.penstock.job.Failure;
import dev.penstock.job.Failure.Next;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Usage;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each way in which the fake provider can misbehave, met by each way of calling it: the failure's
 * code, what follows from it, and that one attempt is one call with the tokens that were used.
 */
final class MisbehaviourTest {
  private static final FakeProvider FAKE = FakeProvider.start();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** One for each way: opening and closing takes longer than the calls. */
  private static final Map<Way, Provider> PROVIDERS = new EnumMap<>(Way.class);

  /** How it is called. */
  enum Way {
    CHAT_STREAMED("openai", "chat"),
    CHAT("openai", "chat"),
    RESPONSES_STREAMED("openai", "responses"),
    RESPONSES("openai", "responses"),
    MESSAGES_STREAMED("anthropic", ""),
    MESSAGES("anthropic", "");

    private final String type;
    private final String api;

    Way(String type, String api) {
      this.type = type;
      this.api = api;
    }

    boolean isStreamed() {
      return name().endsWith("_STREAMED");
    }

    boolean isAnthropic() {
      return type.equals("anthropic");
    }

    Provider open() {
      var settings = new HashMap<String, String>();
      settings.put("stream", String.valueOf(isStreamed()));
      settings.put("model", "m-1");
      settings.put("max-response-bytes", "1000000");
      settings.put("api-key", FakeProvider.Options.KEY);
      if (isAnthropic()) {
        settings.put("base-url", FAKE.anthropicUrl().toString());
        return new AnthropicProviderFactory().create("wire", settings);
      }
      settings.put("api", api);
      settings.put("base-url", FAKE.openAiUrl().toString());
      return new OpenAiProviderFactory().create("wire", settings);
    }
  }

  /**
   * @param rule what the fake provider is told to do
   * @param code the failure's code; null for an answer
   * @param next what follows from it
   */
  record Case(Way way, String rule, @Nullable String code, @Nullable Next next) {
    @Override
    public String toString() {
      return way + " " + rule + " -> " + code;
    }
  }

  static Stream<Case> cases() {
    var all = new ArrayList<Case>();
    for (Way way : Way.values()) {
      error(all, way, 400, "invalid_request", Next.DEAD_LETTER);
      error(all, way, 401, "authentication", Next.STOP_CALLING);
      error(all, way, 403, "authentication", Next.STOP_CALLING);
      error(all, way, 404, "model_not_found", Next.FAIL_OVER);
      error(all, way, 413, "context_too_long", Next.FAIL_OVER);
      error(all, way, 422, "invalid_request", Next.DEAD_LETTER);
      error(all, way, 429, "throttled", Next.RETRY);
      error(all, way, 500, "retryable", Next.RETRY);
      error(all, way, 502, "retryable", Next.RETRY);
      // Where it says what kind of error it is, that counts; neither API has both statuses.
      error(all, way, 503, way.isAnthropic() ? "retryable" : "overloaded", Next.RETRY);
      error(all, way, 504, "timeout", Next.RETRY);
      error(all, way, 529, way.isAnthropic() ? "overloaded" : "retryable", Next.RETRY);
      fault(all, way, "context_length_exceeded", "context_too_long", Next.FAIL_OVER);
      fault(all, way, "insufficient_quota", "budget", Next.FAIL_OVER);
      fault(all, way, "prompt_blocked", "content_refused", Next.DEAD_LETTER);
      fault(all, way, "refusal", "content_refused", Next.DEAD_LETTER);
      fault(all, way, "content_filter", "content_refused", Next.DEAD_LETTER);
      fault(all, way, "malformed_json", "retryable", Next.RETRY);
      fault(all, way, "wrong_content_type", "retryable", Next.RETRY);
      fault(all, way, "empty_body", "retryable", Next.RETRY);
      fault(all, way, "cut", "retryable", Next.RETRY);
      all.add(new Case(way, "{\"do\":\"cut\",\"at\":0}", "retryable", Next.RETRY));
      fault(all, way, "reset", "retryable", Next.RETRY);
      all.add(
          new Case(
              way,
              "{\"do\":\"huge_body\",\"bytes\":2000000}",
              "output_too_large",
              Next.DEAD_LETTER));
      all.add(new Case(way, "{\"do\":\"drip\",\"over\":\"200ms\"}", null, null));
      fault(all, way, "length", null, null);
      if (way.isStreamed()) {
        fault(all, way, "unfinished_stream", "retryable", Next.RETRY);
      }
    }
    return all.stream();
  }

  private static void error(List<Case> all, Way way, int status, String code, Next next) {
    all.add(new Case(way, "{\"do\":\"error\",\"status\":" + status + "}", code, next));
  }

  private static void fault(
      List<Case> all, Way way, String fault, @Nullable String code, @Nullable Next next) {
    all.add(new Case(way, "{\"do\":\"" + fault + "\"}", code, next));
  }

  @BeforeEach
  void heal() {
    FAKE.script("{}");
    FAKE.resetStats();
  }

  @BeforeAll
  static void open() {
    for (Way way : Way.values()) {
      PROVIDERS.put(way, way.open());
    }
  }

  @AfterAll
  static void stop() {
    PROVIDERS.values().forEach(Provider::close);
    FAKE.close();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachHasItsCodeItsActionAndOneCall(Case met) throws InterruptedException {
    FAKE.script("{\"answerTokens\":4,\"rules\":[" + met.rule() + "]}");
    Provider provider = Objects.requireNonNull(PROVIDERS.get(met.way()));
    ProviderResult result = provider.call(Calls.call(Calls.GENERATE));

    CallRecord seen = onlyCall();
    switch (result) {
      case ProviderResult.Failed(Failure failure, _) -> {
        assertThat(failure.code()).as(failure.message()).isEqualTo(met.code());
        assertThat(failure.next()).isEqualTo(met.next());
        assertThat(failure.message()).doesNotContain(FakeProvider.Options.KEY, Calls.TEXT);
      }
      case ProviderResult.Answered(JobOutput output, _) -> {
        assertThat(met.code()).as("it answered " + output).isNull();
        assertThat(((JobOutput.Text) output).text()).isNotEmpty();
      }
    }
    Usage usage = result.report().usage();
    if (!usage.equals(Usage.NONE)) {
      assertThat(usage.inputTokens()).isEqualTo(seen.inputTokens());
      assertThat(usage.outputTokens()).isEqualTo(seen.outputTokens());
    }
    if (met.code() == null) {
      assertThat(usage).isNotEqualTo(Usage.NONE);
    }

    FAKE.script("{}");
    assertThat(provider.call(Calls.call(Calls.GENERATE)))
        .as("the next call is a good one")
        .isInstanceOf(ProviderResult.Answered.class);
  }

  @ParameterizedTest
  @EnumSource
  void retryAfterIsHeardInEachOfItsForms(Way way) throws InterruptedException {
    Provider provider = Objects.requireNonNull(PROVIDERS.get(way));
    for (String form : List.of("seconds", "date", "ms")) {
      if (form.equals("ms") && way.isAnthropic()) {
        continue;
      }
      FAKE.script(
          "{\"rules\":[{\"do\":\"error\",\"status\":429,\"retryAfter\":\"7s\",\"retryAfterAs\":\""
              + form
              + "\"}]}");
      Failure failure = Calls.failure(provider, Calls.GENERATE);
      assertThat(failure.retryAfter())
          .as(form)
          .isBetween(Duration.ofSeconds(5), Duration.ofSeconds(8));
    }
  }

  @ParameterizedTest
  @EnumSource
  void anErrorWithinAStreamIsTheProvidersOwn(Way way) throws InterruptedException {
    if (!way.isStreamed()) {
      return;
    }
    FAKE.script("{\"rules\":[{\"do\":\"stream_error\"}]}");
    Provider provider = Objects.requireNonNull(PROVIDERS.get(way));
    Failure failure = Calls.failure(provider, Calls.GENERATE);
    assertThat(failure.code()).as(failure.message()).isIn("retryable", "overloaded");
    assertThat(failure.next()).isEqualTo(Next.RETRY);
  }

  @ParameterizedTest
  @EnumSource
  void aCallThatHangsEndsWithItsInterruptAndTheProviderSeesItGo(Way way) throws Exception {
    FAKE.script("{\"rules\":[{\"do\":\"hang\"}]}");
    Provider provider = Objects.requireNonNull(PROVIDERS.get(way));
    var ended = new AtomicReference<@Nullable Object>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                ended.set(provider.call(Calls.call(Calls.GENERATE)));
              } catch (InterruptedException e) {
                ended.set(e);
              }
            });
    soon().until(() -> FAKE.stats().inFlight() > 0);
    caller.interrupt();
    assertThat(caller.join(PATIENCE)).as("the call has ended").isTrue();
    assertThat(ended.get()).isInstanceOf(InterruptedException.class);
    assertThat(onlyCall().outcome()).isEqualTo("hang");
  }

  private static CallRecord onlyCall() {
    soon().until(() -> !FAKE.calls().isEmpty());
    assertThat(FAKE.calls()).as("one attempt is one call").hasSize(1);
    return FAKE.calls().getFirst();
  }

  private static ConditionFactory soon() {
    return await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2));
  }
}
