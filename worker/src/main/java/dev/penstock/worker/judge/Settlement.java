package dev.penstock.worker.judge;

import dev.penstock.job.Attempt;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import java.time.Instant;
import java.util.List;

/**
 * What a claimed job came to: the end of its record, by an outcome or by the record that follows
 * it.
 */
public sealed interface Settlement {
  /** The generation ends. {@code attempts} are all of them. */
  record Finish(List<Attempt> attempts, Outcome outcome, Instant at) implements Settlement {}

  /**
   * {@code next} is the job's record from now on; the last of its attempts has just failed.
   *
   * @param isOverBudget whether it is due later than its backoff says, because its provider's
   *     retries are spent
   */
  record Retry(JobRecord next, Instant at, boolean isOverBudget) implements Settlement {
    /** The attempt that failed. */
    public Attempt failed() {
      return next.attempts().getLast();
    }

    /** When the next one is due. */
    public Instant dueAt() {
      return java.util.Objects.requireNonNull(next.dueAt());
    }
  }

  /**
   * {@code next} says the same as the claimed record, but may be due later; it waits elsewhere
   * until it is.
   */
  record Hold(JobRecord next, Instant at) implements Settlement {}
}
