package dev.penstock.api.idempotency;

import dev.penstock.job.JobId;
import java.time.Instant;

/** What the owner of a key says to a submission. */
sealed interface ClaimAnswer {

  /**
   * The key stands for this job, and this submission is the one that it was claimed with.
   *
   * @param replayed whether it had been claimed before
   */
  record Taken(JobId id, Instant claimedAt, boolean replayed) implements ClaimAnswer {}

  /** The key stands for another submission. */
  record Reused() implements ClaimAnswer {}

  /** No more keys can be remembered now. */
  record Full() implements ClaimAnswer {}

  /** What is written under the key can't be read. */
  record Unreadable() implements ClaimAnswer {}

  /** Another intake owns the key now; ask again, there. */
  record Moved() implements ClaimAnswer {}

  /**
   * Kafka does not let us decide.
   *
   * @param indeterminate whether the claim may have been written all the same
   */
  record Unavailable(boolean indeterminate) implements ClaimAnswer {}
}
