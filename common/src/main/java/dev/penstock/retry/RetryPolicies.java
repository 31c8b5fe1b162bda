package dev.penstock.retry;

import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import java.time.Duration;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Which policy a job's retries follow: its kind's, with what the job itself says laid over it.
 *
 * @param standard of kinds that have none of their own
 * @param ofKind those that differ
 * @param clockMargin how much later than its provider asks a job is due: whoever runs it may have a
 *     clock that is ahead of the clock of who decided it
 */
public record RetryPolicies(
    RetryPolicy standard, Map<JobKind, RetryPolicy> ofKind, Duration clockMargin) {
  public RetryPolicies {
    ofKind = Map.copyOf(ofKind);
  }

  /** One policy for all, by one clock. */
  public static RetryPolicies all(RetryPolicy policy) {
    return new RetryPolicies(policy, Map.of(), Duration.ZERO);
  }

  /** The same with another margin. */
  public RetryPolicies withClockMargin(Duration margin) {
    return new RetryPolicies(standard, ofKind, margin);
  }

  /** How long a job waits after attempt {@code attempt} (from 1) failed with {@code failure}. */
  public Duration delayAfter(Job job, int attempt, Failure failure, RandomGenerator random) {
    Duration delay = of(job).delayAfter(attempt, failure, random);
    return failure.retryAfter().isZero() ? delay : delay.plus(clockMargin);
  }

  /** The policy of {@code job}. */
  public RetryPolicy of(Job job) {
    RetryPolicy kinds = ofKind.getOrDefault(job.input().kind(), standard);
    return job.retry() == null ? kinds : kinds.with(job.retry());
  }
}
