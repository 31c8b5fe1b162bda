package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.JobLife;
import java.util.Optional;

/**
 * The stores of one partition, as the index reads them. Thread-safe; fails with a {@code
 * RuntimeException} once they are closed.
 */
interface JobStates {
  Optional<JobLife> life(JobId id);

  /** What a finished job came to, as JSON. */
  Optional<byte[]> result(JobId id);

  /** Hands over all lives until {@code each} says that it is enough. */
  void forEach(Visitor each);

  /** Takes lives. */
  @FunctionalInterface
  interface Visitor {
    /** Whether to go on. */
    boolean visit(JobId id, JobLife life);
  }
}
