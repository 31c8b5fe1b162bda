package dev.penstock.api.schedule;

import dev.penstock.job.JobId;

/** Tells whether jobs have ended. Thread-safe. */
public interface FormerJobs {
  /** Blocks until the views have answered, or for as long as they are waited for. */
  FormerJob ask(JobId id);
}
