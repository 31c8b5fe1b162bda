package dev.penstock.job;

import java.time.Instant;
import java.util.Optional;

/**
 * Someone wants a job's next attempt to start now, whatever its due time. It is for one wait: that
 * after so many attempts of that generation. When the job has moved on, it means nothing.
 *
 * @param generation from 0
 * @param attempts how many attempts of the generation were recorded when it was asked for: 0 for a
 *     job that waits for its first
 */
public record RetryNowRequest(JobId jobId, int generation, int attempts, Instant requestedAt) {
  private static final String KEY = "/retry-now";

  public RetryNowRequest {
    if (generation < 0) {
      throw new IllegalArgumentException("a generation is at least 0, not " + generation);
    }
    if (attempts < 0 || attempts >= Job.MAX_ATTEMPTS) {
      throw new IllegalArgumentException(
          "a job that waits has 0 to " + (Job.MAX_ATTEMPTS - 1) + " attempts, not " + attempts);
    }
  }

  /**
   * The key of its record: another than a request to cancel the job has, so that neither takes the
   * place of the other. Its partition is that of the job's id all the same.
   */
  public String key() {
    return key(jobId);
  }

  /** The key of such requests for the job; a record without a value takes them back. */
  public static String key(JobId jobId) {
    return jobId + KEY;
  }

  /** The job that such a request is for; nothing where {@code key} is not one of such a request. */
  public static Optional<JobId> jobOf(String key) {
    return key.endsWith(KEY)
        ? JobId.parse(key.substring(0, key.length() - KEY.length()))
        : Optional.empty();
  }

  /** Whether it is for this wait. */
  public boolean isFor(int ofGeneration, int afterAttempts) {
    return generation == ofGeneration && attempts == afterAttempts;
  }
}
