package dev.penstock.api.schedule;

import dev.penstock.job.JobId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How far a schedule is.
 *
 * @param settledUntil every fire time until then, and that one, has fired or never will; it never
 *     goes back, whatever the clock does
 * @param fired how many jobs it has fired
 * @param misfired how many times did not fire because they were late, or because the schedule was
 *     changed while it was not decided yet whether they overlap
 * @param overlapped how many times did not fire because the former job had not ended
 * @param last its last firing, or null
 */
record Progress(
    Instant settledUntil, long fired, long misfired, long overlapped, @Nullable Firing last) {

  /** A firing: the time that was named, the time at which it was done, and the job. */
  record Firing(Instant fireTime, Instant firedAt, JobId jobId) {}

  /** This, with so many misfires more. */
  Progress misfired(int more) {
    return new Progress(settledUntil, fired, misfired + more, overlapped, last);
  }

  /** This, with nothing that was due until {@code time} left to be fired. */
  Progress settledTo(Instant time) {
    return settledUntil.isBefore(time)
        ? new Progress(time, fired, misfired, overlapped, last)
        : this;
  }
}
