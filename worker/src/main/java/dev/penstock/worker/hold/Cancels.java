package dev.penstock.worker.hold;

import dev.penstock.job.JobId;

/** Whose end was asked for. Thread-safe. */
public interface Cancels {
  /** Whether someone asked for the end of this generation of the job, as far as is known here. */
  boolean isRequested(JobId jobId, int generation);
}
