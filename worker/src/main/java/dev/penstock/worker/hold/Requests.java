package dev.penstock.worker.hold;

import dev.penstock.job.JobId;

/**
 * What people ask of jobs that wait: that they end, or are run now. As far as is known here: who
 * claims the job decides. Thread-safe.
 */
public interface Requests {
  /** Whether someone asked for the end of this generation of the job. */
  boolean isCancelled(JobId jobId, int generation);

  /** Whether someone asked for the job's next attempt now, after so many of this generation. */
  boolean isHurried(JobId jobId, int generation, int attempts);

  /** The number of the latest request; they are numbered as they come, from 1. */
  long latest();

  /** Whether any request with a higher number than {@code number} still stands. */
  boolean isAnyOpenSince(long number);
}
