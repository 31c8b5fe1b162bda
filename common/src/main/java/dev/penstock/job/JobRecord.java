package dev.penstock.job;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one live record of a generation of a job, as it stands on the jobs topic or a retry topic.
 * Only who consumes it, and is not fenced, may write the job's outcome or its next record.
 *
 * @param job the job
 * @param generation 0 as accepted; each replay from the dead letters adds one
 * @param attempts the finished attempts of this generation, in order
 * @param dueAt not to be run before; null for at once
 * @param cancelled whether it left the line of its ordering key before its turn, because someone
 *     wants it to end: it is never run
 */
public record JobRecord(
    Job job, int generation, List<Attempt> attempts, @Nullable Instant dueAt, boolean cancelled) {
  public JobRecord {
    attempts = List.copyOf(attempts);
    if (generation < 0) {
      throw new IllegalArgumentException("generations are counted from 0");
    }
  }

  /** A record that is to be run. */
  public JobRecord(Job job, int generation, List<Attempt> attempts, @Nullable Instant dueAt) {
    this(job, generation, attempts, dueAt, false);
  }

  /** The same job, which is not to be run any more. */
  public JobRecord asCancelled() {
    return new JobRecord(job, generation, attempts, dueAt, true);
  }

  /** The record with which a job enters. */
  public static JobRecord accepted(Job job) {
    return new JobRecord(job, 0, List.of(), job.runAt());
  }

  /** The number that the next attempt will have, from 1. */
  public int nextAttempt() {
    return attempts.size() + 1;
  }
}
