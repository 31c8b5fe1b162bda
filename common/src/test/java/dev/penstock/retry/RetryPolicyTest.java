package dev.penstock.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.RetryRule;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class RetryPolicyTest {
  private static final RetryPolicy POLICY =
      new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1));
  private static final Failure ERROR = new Failure.Retryable("x");

  @Test
  void delaysGrowByTheirBoundUpToTheCap() {
    var random = new Random(1);
    for (int attempt = 1; attempt <= 20; attempt++) {
      long bound = Math.min(1_000, 100L << Math.min(attempt - 1, 10));
      Duration longest = Duration.ZERO;
      for (int i = 0; i < 2_000; i++) {
        Duration delay = POLICY.delayAfter(attempt, ERROR, random);
        assertThat(delay).isBetween(Duration.ZERO, Duration.ofMillis(bound));
        longest = delay.compareTo(longest) > 0 ? delay : longest;
      }
      assertThat(longest)
          .as("full jitter reaches up to the bound")
          .isGreaterThan(Duration.ofMillis(bound * 9 / 10));
    }
  }

  @Test
  void aProvidersRetryAfterIsTheLeastThatIsWaited() {
    var throttled = new Failure.Throttled("slow down", Duration.ofSeconds(30));
    var random = new Random(1);
    for (int i = 0; i < 1_000; i++) {
      assertThat(POLICY.delayAfter(1, throttled, random))
          .isGreaterThanOrEqualTo(Duration.ofSeconds(30));
    }
  }

  @Test
  void whatAProviderAsksForIsWaitedByEveryClockWithinTheBound() {
    var policies = RetryPolicies.all(POLICY).withClockMargin(Duration.ofSeconds(2));
    var job =
        new Job(
            JobId.random(Instant.EPOCH),
            "p",
            new JobInput.Embed("t"),
            3,
            Duration.ofSeconds(1),
            Instant.EPOCH,
            null,
            Map.of());
    var random = new Random(1);
    for (Failure failure :
        List.of(
            new Failure.Throttled("slow down", Duration.ofSeconds(30)),
            new Failure.Overloaded("too many", Duration.ofSeconds(30)))) {
      assertThat(policies.delayAfter(job, 1, failure, random))
          .isGreaterThanOrEqualTo(Duration.ofSeconds(32));
    }
    assertThat(policies.delayAfter(job, 1, ERROR, random)).isLessThan(Duration.ofSeconds(2));
  }

  @Test
  void aPolicyThatMakesNoSenseIsRefused() {
    assertThatThrownBy(() -> new RetryPolicy(Duration.ZERO, Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RetryPolicy(Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aRuleOfAJobIsLaidOverThePolicyOfItsKind() {
    assertThat(POLICY.with(new RetryRule(null, null, null))).isEqualTo(POLICY);
    assertThat(POLICY.with(new RetryRule(Duration.ofHours(1), null, 3.0)))
        .isEqualTo(new RetryPolicy(Duration.ofHours(1), Duration.ofHours(1), 3));
    assertThat(POLICY.with(new RetryRule(null, Duration.ofMillis(10), null)))
        .isEqualTo(new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(10), 2));
  }

  @Test
  void theLongestDelaysDoNotOverflow() {
    var policy = new RetryPolicy(Duration.ofDays(30), Duration.ofDays(30), 10);
    assertThat(policy.delayAfter(20, ERROR, new Random(1)))
        .isBetween(Duration.ZERO, Duration.ofDays(30));
  }
}
