package dev.penstock.retry;

import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import java.util.Map;

/**
 * Which policy a job's retries follow: its kind's, with what the job itself says laid over it.
 *
 * @param standard of kinds that have none of their own
 * @param ofKind those that differ
 */
public record RetryPolicies(RetryPolicy standard, Map<JobKind, RetryPolicy> ofKind) {
  public RetryPolicies {
    ofKind = Map.copyOf(ofKind);
  }

  /** One policy for all. */
  public static RetryPolicies all(RetryPolicy policy) {
    return new RetryPolicies(policy, Map.of());
  }

  /** The policy of {@code job}. */
  public RetryPolicy of(Job job) {
    RetryPolicy kinds = ofKind.getOrDefault(job.input().kind(), standard);
    return job.retry() == null ? kinds : kinds.with(job.retry());
  }
}
