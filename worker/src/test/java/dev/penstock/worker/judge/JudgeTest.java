package dev.penstock.worker.judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryRule;
import dev.penstock.provider.ProviderResult;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class JudgeTest {
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
  private static final ProviderResult FAILED =
      new ProviderResult.Failed(new Failure.Retryable("a server error"));
  private static final Judge.Call CALL = new Judge.Call("p", "w", NOW, Duration.ZERO);

  @Test
  void aRetryFollowsItsKindAndWhatTheJobItselfSays() {
    var policies =
        new RetryPolicies(
            new RetryPolicy(Duration.ofHours(1), Duration.ofHours(1)),
            Map.of(JobKind.EMBED, new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(1))),
            Duration.ofDays(1));
    var judge = new Judge(policies, new RetryBudget(0.2, 1_000), new Random(1));
    Duration ofKind = Duration.ZERO;
    Duration ofJob = Duration.ZERO;
    var rule = new RetryRule(Duration.ofMinutes(10), null, null);
    for (int i = 0; i < 200; i++) {
      ofKind = longer(ofKind, delay(judge, job(null, null)));
      ofJob = longer(ofJob, delay(judge, job(null, rule)));
    }
    assertThat(ofKind).isBetween(Duration.ofMillis(900), Duration.ofSeconds(1));
    assertThat(ofJob).isBetween(Duration.ofMinutes(9), Duration.ofMinutes(10));
  }

  @Test
  void aRetryBeyondTheBudgetIsDueLaterAndNeverGivenUp() {
    var judge = judge();
    for (int i = 0; i < 10; i++) {
      assertThat(retry(judge, job(null, null)).isOverBudget()).isFalse();
    }
    Settlement.Retry over = retry(judge, job(null, null));
    for (int i = 0; i < 5; i++) {
      over = retry(judge, job(null, null));
    }
    assertThat(over.isOverBudget()).isTrue();
    assertThat(over.dueAt()).isEqualTo(NOW.plusSeconds(6));
  }

  @Test
  void noJobExpiresBecauseOfTheBudget() {
    var judge = judge();
    for (int i = 0; i < 1_000; i++) {
      retry(judge, job(null, null));
    }
    var settlement = retry(judge, job(NOW.plusSeconds(2), null));
    assertThat(settlement.isOverBudget()).isFalse();
    assertThat(settlement.dueAt()).isBefore(NOW.plusSeconds(1));
  }

  private static Judge judge() {
    return new Judge(
        RetryPolicies.all(new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(10))),
        new RetryBudget(0, 1),
        new Random(1));
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }

  private static Duration delay(Judge judge, Job job) {
    return Duration.between(NOW, retry(judge, job).dueAt());
  }

  private static Settlement.Retry retry(Judge judge, Job job) {
    return (Settlement.Retry)
        judge.judge(JobRecord.accepted(job), CALL, FAILED, Elsewhere.NOBODY, NOW);
  }

  private static Job job(@Nullable Instant expireAt, @Nullable RetryRule retry) {
    return new Job(
        JobId.random(NOW),
        "p",
        new JobInput.Embed("x"),
        5,
        Duration.ofSeconds(30),
        NOW,
        expireAt,
        Map.of(),
        null,
        retry,
        null,
        Priority.NORMAL);
  }
}
