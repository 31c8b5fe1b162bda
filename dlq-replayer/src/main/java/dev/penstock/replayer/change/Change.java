package dev.penstock.replayer.change;

import dev.penstock.job.Job;
import dev.penstock.replay.Refusal;
import java.time.Instant;

/** What a plan makes of the jobs that it replays. Implementations are pure and thread-safe. */
public interface Change {
  /** Jobs run again as they were. */
  Change NONE =
      (job, now) ->
          job.expireAt() != null && !now.isBefore(job.expireAt())
              ? new Changed.Refused(Refusal.EXPIRED, "it was wanted until " + job.expireAt())
              : new Changed.Same(job);

  /** What became of one job. */
  sealed interface Changed {
    /** It runs as it was, and at once. */
    record Same(Job job) implements Changed {}

    /** It runs as another one of the same identity. */
    record Other(Job job) implements Changed {}

    /**
     * It can't run.
     *
     * @param detail what is wrong, for people
     */
    record Refused(Refusal reason, String detail) implements Changed {}
  }

  /**
   * What becomes of {@code job} when it is replayed at {@code now}.
   *
   * @param job as it stands in its dead letter
   */
  Changed apply(Job job, Instant now);
}
