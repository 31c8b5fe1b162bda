package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderFactory;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class LocalProviderTest {
  private static final Provider PROVIDER =
      new LocalProviderFactory().create("local", Map.of("inference-threads", "2"));

  @AfterAll
  static void close() {
    PROVIDER.close();
  }

  @Test
  void theServiceLoaderFindsIt() {
    List<ProviderFactory> factories =
        ServiceLoader.load(ProviderFactory.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(factory -> factory.type().equals("local"))
            .toList();
    assertThat(factories).hasSize(1);
    try (Provider provider = factories.getFirst().create("local", Map.of())) {
      assertThat(provider.name()).isEqualTo("local");
      assertThat(provider.kinds())
          .containsExactlyInAnyOrder(
              JobKind.SUMMARIZE, JobKind.CLASSIFY, JobKind.EMBED, JobKind.DETECT_LANGUAGE);
    }
  }

  @Test
  void everyKindIsAnsweredInItsShape() throws InterruptedException {
    assertThat(answer(new JobInput.Embed("Call me Ishmael.")))
        .isInstanceOfSatisfying(
            JobOutput.Embedding.class, output -> assertThat(output.vector()).hasSize(384));
    assertThat(answer(new JobInput.Classify("Call me Ishmael.", List.of("a name", "a tax"))))
        .isInstanceOfSatisfying(
            JobOutput.Classification.class,
            output -> assertThat(output.labels().getFirst().label()).isEqualTo("a name"));
    assertThat(answer(new JobInput.Summarize("Call me Ishmael. Some years ago I went to sea.", 1)))
        .isInstanceOfSatisfying(
            JobOutput.Summary.class, output -> assertThat(output.sentences()).hasSize(1));
    assertThat(answer(new JobInput.DetectLanguage("Some years ago I thought I would sail about.")))
        .isInstanceOfSatisfying(
            JobOutput.DetectedLanguages.class,
            output -> assertThat(output.languages().getFirst().label()).isEqualTo("eng"));
  }

  @Test
  void aModelIsTakenByNameAndAnUnknownOneRefused() throws InterruptedException {
    var input = new JobInput.Embed("text");
    assertThat(call("local:all-minilm-l6-v2", input)).isInstanceOf(ProviderResult.Answered.class);
    assertThat(call("local:gpt", input))
        .isInstanceOfSatisfying(
            ProviderResult.Failed.class,
            failed ->
                assertThat(failed.failure())
                    .isInstanceOf(Failure.InvalidRequest.class)
                    .extracting(Failure::message)
                    .asString()
                    .contains("'gpt'", "embed", "local:all-minilm-l6-v2"));
    assertThat(call("local:all-minilm-l6-v2", new JobInput.DetectLanguage("text")))
        .isInstanceOf(ProviderResult.Failed.class);
  }

  static List<String> oddTexts() {
    return List.of(
        "\u0001\u0002\u0000",
        "\u0301\u0301\u0301",
        "!?.,;:".repeat(500),
        "\"".repeat(3_000),
        "😀".repeat(2_000),
        "👨\u200d👩\u200d👧 🇨🇿",
        "\ud83d",
        "a\udc00b\ud800",
        "مرحبا بالعالم. ".repeat(50),
        "שלום \u202eעולם\u202c! ".repeat(50),
        "x".repeat(200_000),
        "9".repeat(200_000),
        "\u0301".repeat(200_000),
        "a" + "\u0000".repeat(199_999),
        "a" + "\n".repeat(199_999),
        "好。".repeat(400),
        "a@".repeat(3_000),
        "http://a.b/".repeat(300),
        "Mr. Mrs. Dr. ".repeat(100),
        "\uffff\ufffe\ufffd\ufeff",
        "ﷺ".repeat(2_000),
        "\u00a0\u2007x\u202f",
        "Z̷̛a̶l̵g̴o̶ ".repeat(100));
  }

  @ParameterizedTest
  @MethodSource("oddTexts")
  void oddTextsAreAnsweredOrRefusedAndNeverThrow(String text) throws InterruptedException {
    for (JobInput input : inputs(text)) {
      ProviderResult result = call("local", input);
      if (result instanceof ProviderResult.Failed(Failure failure, _)) {
        assertThat(failure).as(input.kind().wireName()).isInstanceOf(Failure.InvalidRequest.class);
        assertThat(failure.message()).startsWith("text has no");
      }
    }
  }

  @Test
  void longTextsOfAnyCharactersAreAnswered() throws InterruptedException {
    var random = new Random(20_261_121);
    var text = new StringBuilder(JobInput.MAX_TEXT_CHARS);
    while (text.length() < JobInput.MAX_TEXT_CHARS) {
      text.append((char) random.nextInt(0x10000));
    }
    assertThat(answer(new JobInput.Embed(text.toString()))).isInstanceOf(JobOutput.Embedding.class);
    assertThat(answer(new JobInput.Summarize(text.substring(0, 20_000), 5)))
        .isInstanceOfSatisfying(
            JobOutput.Summary.class, output -> assertThat(output.sentences()).hasSize(5));
  }

  @Test
  void answersDoNotDependOnWhatRunsBeside() throws InterruptedException {
    String text = "The whale swam on. The crew slept. At dawn the storm came back with force.";
    var expected = new ArrayList<JobOutput>();
    for (JobInput input : inputs(text)) {
      expected.add(answer(input));
    }
    var equal = new AtomicInteger();
    var callers = new ArrayList<Thread>();
    for (int i = 0; i < 200; i++) {
      int kind = i % expected.size();
      callers.add(
          Thread.startVirtualThread(() -> {
            try {
              if (answer(inputs(text).get(kind)).equals(expected.get(kind))) {
                equal.incrementAndGet();
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(equal).hasValue(200);
  }

  @Test
  void anInterruptEndsALongCall() throws InterruptedException {
    String text = "The whale swam on and the crew slept until the storm came. ".repeat(3_000);
    answer(new JobInput.Embed("loaded"));
    var ended = new AtomicReference<String>("no");
    Thread caller =
        Thread.startVirtualThread(() -> {
          try {
            call("local", new JobInput.Embed(text));
            ended.set("answered");
          } catch (InterruptedException _) {
            ended.set("interrupted");
          }
        });
    await().atMost(Duration.ofMinutes(1)).until(() -> caller.getState() != Thread.State.NEW);
    caller.interrupt();
    caller.join();
    assertThat(ended).hasValue("interrupted");
    assertThat(answer(new JobInput.Embed("still works"))).isInstanceOf(JobOutput.Embedding.class);
  }

  @Test
  void warmingUpAndClosingTwiceAndLateDoNoHarm() {
    Provider provider = new LocalProviderFactory().create("local", Map.of());
    provider.warmUp();
    provider.warmUp();
    provider.close();
    provider.close();
    provider.warmUp();
    assertThat(provider.name()).isEqualTo("local");
  }

  private static List<JobInput> inputs(String text) {
    return List.of(
        new JobInput.Embed(text),
        new JobInput.Classify(text, List.of("nature", "war", "law")),
        new JobInput.Summarize(text, 2),
        new JobInput.DetectLanguage(text));
  }

  private static JobOutput answer(JobInput input) throws InterruptedException {
    return switch (call("local", input)) {
      case ProviderResult.Answered(JobOutput output, _) -> output;
      case ProviderResult.Failed(Failure failure, _) -> throw new AssertionError(failure.message());
    };
  }

  private static ProviderResult call(String model, JobInput input) throws InterruptedException {
    return PROVIDER.call(
        new ProviderCall(
            JobId.random(Instant.EPOCH), 0, 1, Target.of(model), input, Duration.ofMinutes(1)));
  }
}
