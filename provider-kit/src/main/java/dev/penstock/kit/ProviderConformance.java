package dev.penstock.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Usage;
import dev.penstock.provider.Progress;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderFactory;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;

/**
 * What a worker relies on in every provider. Extend it in a test of your plugin, say how to make
 * your provider, and run it; {@code docs/providers.md} shows one. Tests for which a provider gives
 * no settings are left out.
 *
 * <p>Nothing here looks at the clock: what is to happen at once has a minute, which a slow machine
 * does not need and a stuck call uses up.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ProviderConformance {
  /** What a provider under test is named, so that a fixed name is found out. */
  private static final String NAME = "under-test";

  private static final Duration ENOUGH = Duration.ofMinutes(1);
  private static final Duration POLL = Duration.ofMillis(10);
  private static final Duration TOO_LONG = Duration.ofMillis(200);
  private static final int AT_ONCE = 100;
  private static final String TEXT =
      "Call me Ishmael. Some years ago, having little money in my purse, I thought I would sail"
          + " about a little and see the watery part of the world.";

  private @Nullable Provider provider;

  /** The type under which the plugin's factory is registered. */
  protected abstract String type();

  /** Settings with which it answers. What they need is there before the first test. */
  protected abstract Map<String, String> settings();

  /**
   * Settings with which a call does not come back until it is interrupted; none where that can't be
   * had.
   */
  protected Optional<Map<String, String>> hangingSettings() {
    return Optional.empty();
  }

  /** Settings with which each call fails; none where that can't be had. */
  protected Optional<Map<String, String>> failingSettings() {
    return Optional.empty();
  }

  /** A model that it does not have; none where it takes any name. */
  protected Optional<String> unknownModel() {
    return Optional.empty();
  }

  @BeforeAll
  final void make() {
    provider = factory().create(NAME, settings());
    provider.warmUp();
  }

  @AfterAll
  final void close() {
    if (provider != null) {
      provider.close();
    }
  }

  @Test
  final void theServiceLoaderFindsOneFactoryOfItsType() {
    assertThat(factories()).extracting(ProviderFactory::type).containsOnlyOnce(type());
  }

  @TestFactory
  final Stream<DynamicTest> aFactoryThatIsUsedByDefaultNeedsNoSettings() {
    return where(
        factory().byDefault(),
        () -> {
          try (Provider plain = factory().create("plain", Map.of())) {
            assertThat(plain.name()).isEqualTo("plain");
          }
        });
  }

  @Test
  final void aSettingThatItDoesNotKnowIsRefusedByName() {
    var settings = new HashMap<>(settings());
    settings.put("no-such-setting", "x");
    assertThatThrownBy(() -> factory().create(NAME, settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no-such-setting");
  }

  @Test
  final void itHasTheNameThatItWasGiven() {
    assertThat(provider().name()).isEqualTo(NAME);
    try (Provider other = factory().create("other", settings())) {
      assertThat(other.name()).isEqualTo("other");
    }
    assertThat(provider().name()).isEqualTo(NAME);
  }

  @Test
  final void itServesSomethingAndAlwaysTheSame() {
    assertThat(provider().kinds()).isNotEmpty().isEqualTo(provider().kinds());
  }

  @Test
  final void eachOfItsKindsIsAnsweredInItsShape() throws InterruptedException {
    for (JobKind kind : provider().kinds()) {
      JobInput input = Shapes.input(kind, TEXT);
      Shapes.check(input, answered(provider().call(call(input, "", Progress.NONE))).output());
    }
  }

  @Test
  final void otherKindsAreRefusedAndNotThrown() throws InterruptedException {
    for (JobKind kind : EnumSet.allOf(JobKind.class)) {
      if (!provider().kinds().contains(kind)) {
        ProviderResult result = provider().call(call(Shapes.input(kind, TEXT), "", Progress.NONE));
        assertThat(failure(result).next().again()).as("it can't do it later either").isFalse();
      }
    }
  }

  @Test
  final void usageCountsWhatIsCachedAmongTheInput() throws InterruptedException {
    for (JobKind kind : provider().kinds()) {
      ProviderResult result = provider().call(call(Shapes.input(kind, TEXT), "", Progress.NONE));
      Usage usage = result.report().usage();
      assertThat(usage.cachedTokens()).isBetween(0L, usage.inputTokens());
      assertThat(usage.outputTokens()).isNotNegative();
    }
  }

  @TestFactory
  final Stream<DynamicTest> partialAnswersAddUpToTheAnswer() {
    return where(
        provider().kinds().contains(JobKind.GENERATE),
        () -> {
          var told = new StringBuilder();
          var lengths = new ArrayList<Long>();
          Progress progress =
              (added, chars) -> {
                told.append(added);
                lengths.add(chars);
                assertThat(chars).isEqualTo(told.length());
              };
          JobInput input = Shapes.input(JobKind.GENERATE, TEXT);
          var answer =
              (JobOutput.Text) answered(provider().call(call(input, "", progress))).output();
          if (!lengths.isEmpty()) {
            assertThat(told).hasToString(answer.text());
          }
        });
  }

  @Test
  final void aHundredCallsAtOnceOnVirtualThreadsAreAnswered() throws Exception {
    List<JobKind> kinds = List.copyOf(provider().kinds());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var calls = new ArrayList<Callable<ProviderResult>>();
      for (int i = 0; i < AT_ONCE; i++) {
        JobInput input = Shapes.input(kinds.get(i % kinds.size()), "Number " + i + ". " + TEXT);
        calls.add(() -> provider().call(call(input, "", Progress.NONE)));
      }
      for (Future<ProviderResult> result :
          threads.invokeAll(calls, ENOUGH.toSeconds(), TimeUnit.SECONDS)) {
        assertThat(result.get()).isInstanceOf(ProviderResult.Answered.class);
      }
    }
  }

  @Test
  final void anyTextIsAnsweredOrRefusedAndNeverThrown() throws InterruptedException {
    List<String> texts =
        List.of(
            "x",
            "\u0000\u0001\u001b[31m\u007f",
            "\ud83d alone, and \udc00 too",
            "\u202eright to left\u202c שלום مرحبا",
            "👩‍👩‍👧‍👦🏴‍☠️ e\u0301\u0302\u0303",
            "\"}],\"x\":{\\u0022 </text> <|endoftext|> ```json {\"sentences\":[]}```",
            "data: [DONE]\n\nevent: error\r\ndata: {}\n\n",
            "\ufeff\u2028\u2029\u0085");
    for (JobKind kind : provider().kinds()) {
      for (String text : texts) {
        ProviderResult result = provider().call(call(Shapes.input(kind, text), "", Progress.NONE));
        checkWhole(Shapes.input(kind, text), result);
      }
    }
  }

  @Test
  final void theLongestTextIsAnsweredOrRefused() throws InterruptedException {
    String text = "Call me Ishmael; ".repeat(JobInput.MAX_TEXT_CHARS / 17);
    // Where models compute, this is the kind that they get through soonest.
    JobKind kind =
        provider().kinds().contains(JobKind.DETECT_LANGUAGE)
            ? JobKind.DETECT_LANGUAGE
            : provider().kinds().iterator().next();
    JobInput input = Shapes.input(kind, text);
    checkWhole(input, provider().call(call(input, "", Progress.NONE)));
  }

  @TestFactory
  final Stream<DynamicTest> aModelThatItDoesNotHaveIsACodedFailure() {
    Optional<String> model = unknownModel();
    return where(
        model.isPresent(),
        () -> {
          JobInput input = Shapes.input(provider().kinds().iterator().next(), TEXT);
          ProviderResult result = provider().call(call(input, model.orElseThrow(), Progress.NONE));
          assertThat(failure(result).code())
              .isIn("model_not_found", "invalid_request", "no_provider");
          assertThat(failure(result).message()).isNotBlank();
        });
  }

  @TestFactory
  final Stream<DynamicTest> aFailureIsAValue() {
    Optional<Map<String, String>> failing = failingSettings();
    return where(
        failing.isPresent(),
        () -> {
          try (Provider broken = factory().create(NAME, failing.orElseThrow())) {
            for (JobKind kind : broken.kinds()) {
              ProviderResult result =
                  broken.call(call(Shapes.input(kind, TEXT), "", Progress.NONE));
              assertThat(failure(result).code()).isNotEqualTo("unknown");
              assertThat(failure(result).message()).isNotBlank().doesNotContain(TEXT);
            }
          }
        });
  }

  /** A call that was interrupted before it began must not begin. */
  @Test
  final void anInterruptThatCameBeforeEndsTheCall() throws Exception {
    JobInput input = Shapes.input(provider().kinds().iterator().next(), TEXT);
    var ended = new AtomicReference<@Nullable Object>();
    Thread caller =
        Thread.ofVirtual()
            .unstarted(() -> {
              Thread.currentThread().interrupt();
              ended.set(outcome(provider(), call(input, "", Progress.NONE)));
            });
    caller.start();
    assertThat(caller.join(ENOUGH)).as("the call has ended").isTrue();
    // Work that never waits need not notice; it may not claim another failure.
    assertThat(ended.get())
        .isInstanceOfAny(InterruptedException.class, ProviderResult.Answered.class);
  }

  @TestFactory
  final Stream<DynamicTest> anInterruptEndsTheCallAndLeavesNoThread() {
    Optional<Map<String, String>> hanging = hangingSettings();
    return where(
        hanging.isPresent(),
        () -> {
          try (Provider first = factory().create(NAME, hanging.orElseThrow())) {
            // What the JVM starts once, with the first use, is there now.
            interrupted(first);
          }
          Set<Thread> before = threads();
          try (Provider second = factory().create(NAME, hanging.orElseThrow())) {
            assertThat(interrupted(second)).isInstanceOf(InterruptedException.class);
          }
          // In this thread: a thread of the waiting would be one too many itself.
          await()
              .pollInSameThread()
              .atMost(ENOUGH)
              .untilAsserted(() -> assertThat(before).containsAll(threads()));
        });
  }

  /** What the worker does when a call takes too long: it waits, then it interrupts. */
  @TestFactory
  final Stream<DynamicTest> aCallThatTakesTooLongEndsOneWayOrTheOther() {
    Optional<Map<String, String>> hanging = hangingSettings();
    return where(
        hanging.isPresent(),
        () -> {
          try (Provider slow = factory().create(NAME, hanging.orElseThrow())) {
            JobInput input = Shapes.input(slow.kinds().iterator().next(), TEXT);
            var brief =
                new ProviderCall(
                    JobId.random(Instant.EPOCH),
                    0,
                    1,
                    new Target(NAME, ""),
                    input,
                    Duration.ofMillis(50));
            var ended = new AtomicReference<@Nullable Object>();
            Thread caller = Thread.ofVirtual().start(() -> ended.set(outcome(slow, brief)));
            if (!caller.join(TOO_LONG)) {
              caller.interrupt();
            }
            assertThat(caller.join(ENOUGH)).as("the call has ended").isTrue();
            if (ended.get() instanceof ProviderResult.Failed(Failure failure, _)) {
              assertThat(failure.code()).isEqualTo("timeout");
            } else {
              assertThat(ended.get()).isInstanceOf(InterruptedException.class);
            }
          }
        });
  }

  @Test
  final void closingAgainDoesNothing() {
    Provider closed = factory().create(NAME, settings());
    closed.close();
    closed.close();
    assertThat(closed.name()).isEqualTo(NAME);
  }

  private Object interrupted(Provider hanging) throws InterruptedException {
    JobInput input = Shapes.input(hanging.kinds().iterator().next(), TEXT);
    var begun = new CountDownLatch(1);
    var ended = new AtomicReference<@Nullable Object>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              begun.countDown();
              ended.set(outcome(hanging, call(input, "", Progress.NONE)));
            });
    begun.await();
    // It is to be well within the call, wherever it waits there.
    await()
        .pollInSameThread()
        .pollInterval(POLL)
        .atMost(ENOUGH)
        .until(() ->
            caller.getState() == Thread.State.WAITING
                || caller.getState() == Thread.State.TIMED_WAITING);
    caller.interrupt();
    assertThat(caller.join(ENOUGH)).as("the call has ended").isTrue();
    return Objects.requireNonNull(ended.get(), "the call has ended without a word");
  }

  /** The result, or what was thrown. */
  private static Object outcome(Provider provider, ProviderCall call) {
    try {
      return provider.call(call);
    } catch (InterruptedException e) {
      return e;
    }
  }

  private static void checkWhole(JobInput input, ProviderResult result) {
    switch (result) {
      case ProviderResult.Answered(JobOutput output, _) -> Shapes.check(input, output);
      case ProviderResult.Failed(Failure failure, _) ->
          assertThat(failure.code()).isNotEqualTo("unknown");
    }
  }

  private static ProviderResult.Answered answered(ProviderResult result) {
    assertThat(result).isInstanceOf(ProviderResult.Answered.class);
    return (ProviderResult.Answered) result;
  }

  private static Failure failure(ProviderResult result) {
    assertThat(result).isInstanceOf(ProviderResult.Failed.class);
    return ((ProviderResult.Failed) result).failure();
  }

  private static ProviderCall call(JobInput input, String model, Progress progress) {
    return new ProviderCall(
        JobId.random(Instant.EPOCH), 0, 1, new Target(NAME, model), input, ENOUGH, progress);
  }

  private Provider provider() {
    if (provider == null) {
      throw new IllegalStateException("no provider was made");
    }
    return provider;
  }

  private ProviderFactory factory() {
    return factories().stream()
        .filter(factory -> factory.type().equals(type()))
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException(
                "no factory of type "
                    + type()
                    + " under META-INF/services/"
                    + ProviderFactory.class.getName()));
  }

  private static List<ProviderFactory> factories() {
    return ServiceLoader.load(ProviderFactory.class).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  /** Platform threads, without those that the JVM keeps for virtual threads. */
  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !thread.getName().startsWith("ForkJoinPool"))
        .filter(thread -> !thread.getName().startsWith("VirtualThread"))
        .collect(Collectors.toSet());
  }

  /** A test where the provider has what it is about; no test where it has not. */
  private static Stream<DynamicTest> where(boolean applies, Executable test) {
    return applies ? Stream.of(DynamicTest.dynamicTest("holds", test)) : Stream.empty();
  }
}
