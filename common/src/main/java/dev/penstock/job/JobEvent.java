package dev.penstock.job;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a job, as the worker tells it on the events topic. That a job was accepted is
 * told by its record on the jobs topic. Events of one job may reach a reader of several topics in
 * any order; their {@link #position} puts them right.
 */
public sealed interface JobEvent {
  JobId jobId();

  int generation();

  Instant at();

  /** Where in the job's life this stands. */
  default LifePosition position() {
    return switch (this) {
      case AttemptStarted e -> new LifePosition(e.generation, e.attempt, LifePosition.Step.STARTED);
      case RetryScheduled e ->
          new LifePosition(e.generation, e.failed.number(), LifePosition.Step.RETRY_SCHEDULED);
      case Finished e -> LifePosition.finished(e.generation);
    };
  }

  /**
   * A call was begun. One that is told twice for the same attempt means that the earlier call was
   * lost with its worker.
   *
   * @param inputCostNanos what its input costs, guessed by its length, in billionths of the price
   *     table's currency: all that is known of a call that is lost; null where no price is known
   */
  record AttemptStarted(
      JobId jobId,
      int generation,
      int attempt,
      String provider,
      String worker,
      Instant at,
      @Nullable Long inputCostNanos)
      implements JobEvent {
    public AttemptStarted {
      if (inputCostNanos != null && inputCostNanos < 0) {
        throw new IllegalArgumentException("a cost is not negative");
      }
    }

    /** A call whose price is not known. */
    public AttemptStarted(
        JobId jobId, int generation, int attempt, String provider, String worker, Instant at) {
      this(jobId, generation, attempt, provider, worker, at, null);
    }
  }

  /** An attempt failed and another one is due. */
  record RetryScheduled(JobId jobId, int generation, Attempt failed, Instant dueAt, Instant at)
      implements JobEvent {}

  /** The generation ended; {@code attempts} are all of its attempts in order. */
  record Finished(JobId jobId, int generation, List<Attempt> attempts, Outcome outcome, Instant at)
      implements JobEvent {
    public Finished {
      attempts = List.copyOf(attempts);
    }
  }
}
