package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** The topics that the view is made of, read again. Thread-safe. */
interface JobTopics {
  /** The offsets of the first records that are there. */
  Offsets beginnings(int partition);

  /** Up to where there are records that can be read now. */
  Offsets ends(int partition);

  /**
   * Reads what stands from {@code from} to before {@code to}, and returns when all of it was handed
   * over, or {@code chunks} had enough.
   */
  void read(int partition, Offsets from, Offsets to, Chunks chunks) throws IOException;

  /** Takes what was read. */
  @FunctionalInterface
  interface Chunks {
    /**
     * Takes the next records.
     *
     * @param jobs whose they are; for those of which there was a job record, what was submitted
     * @param reached up to where all records were handed over now
     * @return whether to go on
     */
    boolean take(Map<JobId, Optional<Submitted>> jobs, Offsets reached) throws IOException;
  }
}
