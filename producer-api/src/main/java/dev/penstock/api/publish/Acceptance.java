package dev.penstock.api.publish;

import dev.penstock.job.JobId;
import dev.penstock.submission.problem.Problem;
import java.time.Instant;

/** The answer to a submission. */
public sealed interface Acceptance {

  /**
   * The job is durable.
   *
   * @param replayed whether it had been accepted before, under the same idempotency key
   */
  record Accepted(JobId id, Instant acceptedAt, boolean replayed) implements Acceptance {}

  record Refused(Problem problem) implements Acceptance {}
}
