package dev.penstock.worker.judge;

import dev.penstock.job.JobRecord;
import java.time.Instant;

/** Who else could do what has just failed. */
@FunctionalInterface
public interface Elsewhere {
  /** There is nobody else. */
  Elsewhere NOBODY =
      (record, _) -> {
        var failure = record.attempts().getLast().failure();
        return failure != null && failure.next().again() ? Way.LATER : Way.NONE;
      };

  /**
   * What can follow.
   *
   * @param record the job with the attempt that has just failed as its last
   */
  Way after(JobRecord record, Instant now);

  /** What can follow a failed attempt. */
  enum Way {
    /** Another target may be called now. */
    AT_ONCE,
    /** The same target, or another one, may be called later. */
    LATER,
    /** All would fail again. */
    NONE
  }
}
