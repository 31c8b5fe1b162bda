package dev.penstock.worker.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Usage;
import dev.penstock.limit.LimitReport;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Quota;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.TargetGate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What limits mean for the calls of one worker that is alone. */
final class OneWorkerTest {
  private static final Target TARGET = Target.of("p:m");
  private static final Quota NOTHING = new Quota(null, null, null);

  private final List<LimitReport> reports = new ArrayList<>();
  private final Deque<LimitReport> unread = new ArrayDeque<>();
  private final List<String> refusals = new ArrayList<>();
  private List<LimitMetrics.Shown> shown = List.of();
  private Instant now = Instant.parse("2026-11-21T08:00:00Z");
  private GroupLimits limits = limits(Map.of());

  private GroupLimits limits(Map<String, LimitRules.Rule> rules) {
    return new GroupLimits(
        new LimitRules(rules, true, true),
        "w",
        7,
        report -> {
          reports.add(report);
          unread.add(report);
        },
        new LimitMetrics() {
          @Override
          public void limits(List<Shown> all) {
            shown = all;
          }

          @Override
          public void refused(String provider) {
            refusals.add(provider);
          }
        });
  }

  private static JobRecord record() {
    return new JobRecord(
        new Job(
            JobId.of("01a1fde9-9009-7fbe-b20b-f706a42df8e7"),
            "p:m",
            new JobInput.Generate("x".repeat(400), null, 900),
            3,
            Duration.ofSeconds(30),
            Instant.EPOCH,
            null,
            Map.of()),
        0,
        List.of(),
        null);
  }

  /** Lets time pass in steps of 10 ms; calls as often as it may, and returns how often. */
  private int callFor(Duration time, @Nullable Usage usage, Quota requests) {
    int calls = 0;
    for (long step = 0; step < time.toMillis() / 10; step++) {
      now = now.plusMillis(10);
      while (!unread.isEmpty()) {
        limits.heard(unread.remove(), now, now);
      }
      if (step % 10 == 0) {
        limits.tick(now);
      }
      while (calls < 100_000 && isOpen()) {
        calls++;
        take().ended(answered(usage == null ? Usage.NONE : usage, requests), Duration.ZERO, now);
        if (limitless()) {
          break;
        }
      }
    }
    return calls;
  }

  private boolean limitless() {
    return !limits.knows(TARGET, true, now);
  }

  private boolean isOpen() {
    return limits.look(TARGET, record(), now) instanceof TargetGate.Opening.Open;
  }

  private TargetGate.Pass take() {
    return limits.take(TARGET, record(), now);
  }

  private static ProviderResult answered(Usage usage, Quota requests) {
    return new ProviderResult.Answered(
        new JobOutput.Text("done"),
        new CallReport(null, null, usage, requests.equals(NOTHING) ? null : requests, null));
  }

  private static LimitRules.Rule requests(long perMinute) {
    return new LimitRules.Rule(perMinute, null, null);
  }

  @Test
  void withoutALimitNothingIsReported() {
    callFor(Duration.ofSeconds(3), null, NOTHING);
    assertThat(reports).isEmpty();
    assertThat(limits.version()).isZero();
  }

  @Test
  void beforeItsFirstReportIsReadNothingGoesThrough() {
    limits = limits(Map.of("p", requests(600)));
    assertThat(isOpen()).isFalse();
    limits.tick(now);
    now = now.plusSeconds(2);
    assertThat(reports).hasSize(1);
    assertThat(isOpen()).isFalse();
  }

  @Test
  void theLimitsOfAProviderAndOfItsModelBothHold() {
    limits = limits(Map.of("p", requests(6_000), "p:m", requests(600)));
    callFor(Duration.ofSeconds(2), null, NOTHING);
    assertThat(callFor(Duration.ofSeconds(10), null, NOTHING)).isBetween(98, 101);
  }

  @Test
  void aWorkerThatHasNothingToDoLeavesAndIsSilent() {
    limits = limits(Map.of("p", requests(600)));
    callFor(Duration.ofSeconds(2), null, NOTHING);
    for (int i = 0; i < 300; i++) {
      now = now.plusMillis(100);
      limits.tick(now);
    }
    assertThat(reports.getLast().entries()).isEmpty();
    int count = reports.size();
    for (int i = 0; i < 300; i++) {
      now = now.plusMillis(100);
      limits.tick(now);
    }
    assertThat(reports).hasSize(count);
  }

  @Test
  void tokensAreTakenByEstimateAndSettledByUse() {
    limits = limits(Map.of("p", new LimitRules.Rule(null, 60_000L, null)));
    callFor(Duration.ofSeconds(20), new Usage(100, 100, 0), NOTHING);
    // 1,000 a second, 200 a call; guessed were 1,000.
    assertThat(callFor(Duration.ofSeconds(10), new Usage(100, 100, 0), NOTHING)).isBetween(48, 52);
  }

  @Test
  void headersTeachALimit() {
    var told = new Quota(600L, 500L, Duration.ofSeconds(10));
    callFor(Duration.ofSeconds(3), null, told);
    assertThat(callFor(Duration.ofSeconds(10), null, told)).isBetween(98, 101);
    assertThat(shown)
        .singleElement()
        .matches(each -> each.scope().equals("p:m") && each.learned() && each.most() == 600);
  }

  @Test
  void aLowerLimitThanConfiguredLowersItAndAHigherOneDoesNotRaiseIt() {
    limits = limits(Map.of("p", requests(6_000)));
    var lower = new Quota(600L, 500L, Duration.ofSeconds(10));
    callFor(Duration.ofSeconds(5), null, lower);
    assertThat(callFor(Duration.ofSeconds(10), null, lower)).isBetween(98, 101);
    var higher = new Quota(60_000L, 500L, Duration.ofSeconds(10));
    callFor(Duration.ofSeconds(5), null, higher);
    assertThat(callFor(Duration.ofSeconds(10), null, higher)).isBetween(990, 1_001);
  }

  @Test
  void whenLittleIsLeftWhatWasSavedUpIsNotUsed() {
    limits = limits(Map.of("p", requests(6_000)));
    callFor(Duration.ofSeconds(2), null, NOTHING);
    var last = take();
    callFor(Duration.ofSeconds(1), null, NOTHING);
    now = now.plusSeconds(1);
    last.ended(
        answered(Usage.NONE, new Quota(6_000L, 3L, Duration.ofSeconds(10))), Duration.ZERO, now);
    int calls = 0;
    while (isOpen()) {
      take();
      calls++;
    }
    assertThat(calls).isLessThanOrEqualTo(3);
  }

  @Test
  void headersAboutADayAreNotTakenForAMinute() {
    callFor(Duration.ofSeconds(3), null, new Quota(200L, 100L, Duration.ofHours(7)));
    assertThat(reports).isEmpty();
  }

  @Test
  void aRefusalClosesTheLimitUntilRetryAfterAndCounts() {
    limits = limits(Map.of("p", requests(600)));
    callFor(Duration.ofSeconds(2), null, NOTHING);
    now = now.plusMillis(100);
    take()
        .ended(
            new ProviderResult.Failed(new Failure.Throttled("slow", Duration.ofSeconds(5))),
            Duration.ZERO,
            now);
    assertThat(refusals).containsExactly("p");
    assertThat(callFor(Duration.ofMillis(4_900), null, NOTHING)).isZero();
    assertThat(callFor(Duration.ofSeconds(2), null, NOTHING)).isBetween(15, 21);
  }

  @Test
  void aCallThatWasNotMadeIsGivenBack() {
    limits = limits(Map.of("p", new LimitRules.Rule(null, null, 1L)));
    callFor(Duration.ofSeconds(1), null, NOTHING);
    limits.look(TARGET, record(), now);
    var pass = take();
    assertThat(isOpen()).isFalse();
    pass.unused(now);
    assertThat(isOpen()).isTrue();
  }

  @Test
  void overloadLowersTheCallsAtOnceWhereNoLimitIsKnown() {
    var adaptive = new AdaptiveConcurrency(50, limits);
    for (int i = 0; i < 200; i++) {
      now = now.plusMillis(1);
      adaptive
          .take(TARGET, record(), now)
          .ended(
              new ProviderResult.Failed(new Failure.Overloaded("full", Duration.ZERO)),
              Duration.ZERO,
              now);
    }
    var pass = adaptive.take(TARGET, record(), now);
    assertThat(adaptive.look(TARGET, record(), now)).isInstanceOf(TargetGate.Opening.Closed.class);
    long version = adaptive.version();
    pass.ended(answered(Usage.NONE, NOTHING), Duration.ZERO, now);
    assertThat(adaptive.version()).isNotEqualTo(version);
    assertThat(adaptive.look(TARGET, record(), now)).isInstanceOf(TargetGate.Opening.Open.class);
  }

  @Test
  void whereALimitOfCallsAtOnceIsKnownNothingAdapts() {
    limits = limits(Map.of("p", new LimitRules.Rule(null, null, 10L)));
    var adaptive = new AdaptiveConcurrency(50, limits);
    for (int i = 0; i < 200; i++) {
      adaptive
          .take(TARGET, record(), now)
          .ended(
              new ProviderResult.Failed(new Failure.Overloaded("full", Duration.ZERO)),
              Duration.ZERO,
              now);
    }
    adaptive.take(TARGET, record(), now);
    assertThat(adaptive.look(TARGET, record(), now)).isInstanceOf(TargetGate.Opening.Open.class);
  }
}
