package dev.penstock.streams.figures;

import dev.penstock.job.FailureGroup;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.job.Usage;
import dev.penstock.streams.figures.Figures.Count;
import org.jspecify.annotations.Nullable;

/** What one job adds to the figures. Two that are equal add the same. */
sealed interface Contribution {
  /** Where no duration is known. */
  long NO_TIME = -1;

  /** What is counted in the windows that {@code atMillis} lies in. */
  sealed interface Timed extends Contribution {
    Subject subject();

    long atMillis();

    /** Adds itself, or takes itself back where {@code times} is negative. */
    void addTo(Figures figures, int times);
  }

  /** A generation entered. */
  record Accepted(Subject subject, long atMillis) implements Timed {
    @Override
    public void addTo(Figures figures, int times) {
      figures.add(Count.ACCEPTED, times);
    }
  }

  /**
   * An attempt was settled.
   *
   * @param retried whether another one followed
   * @param called whether a provider was asked for, and not none known that serves the job
   * @param cached whether a kept answer served, so that no provider was called
   * @param code why it failed, or null
   * @param costNanos 0 where it is not known
   * @param queueWaitMicros or {@link #NO_TIME}
   */
  record Attempted(
      Subject subject,
      long atMillis,
      boolean retried,
      boolean called,
      boolean cached,
      @Nullable String code,
      Usage usage,
      long costNanos,
      long queueWaitMicros,
      long latencyMicros)
      implements Timed {
    @Override
    public void addTo(Figures figures, int times) {
      if (retried) {
        figures.add(Count.RETRIED, times);
      }
      if (code != null) {
        figures.addFailed(code, times);
      }
      if (cached) {
        figures.add(Count.CACHED, times);
        return;
      }
      if (!called) {
        return;
      }
      figures.add(Count.CALLS, times);
      figures.add(Count.INPUT_TOKENS, times * usage.inputTokens());
      figures.add(Count.OUTPUT_TOKENS, times * usage.outputTokens());
      figures.add(Count.CACHED_TOKENS, times * usage.cachedTokens());
      figures.add(Count.COST_NANOS, times * costNanos);
      figures.providerLatency().add(latencyMicros, times);
      if (queueWaitMicros != NO_TIME) {
        figures.queueWait().add(queueWaitMicros, times);
      }
    }
  }

  /** A call was lost with its worker. */
  record Wasted(Subject subject, long atMillis, long costNanos) implements Timed {
    @Override
    public void addTo(Figures figures, int times) {
      figures.add(Count.CALLS, times);
      figures.add(Count.WASTED, times);
      figures.add(Count.WASTED_COST_NANOS, times * costNanos);
    }
  }

  /**
   * A generation ended.
   *
   * @param totalMicros since it entered, or {@link #NO_TIME}
   * @param code why it was dead-lettered, where no attempt says so, or null
   */
  record Ended(
      Subject subject, long atMillis, JobState state, long totalMicros, @Nullable String code)
      implements Timed {
    @Override
    public void addTo(Figures figures, int times) {
      figures.add(
          switch (state) {
            case SUCCEEDED -> Count.SUCCEEDED;
            case DEAD_LETTERED -> Count.DEAD_LETTERED;
            case CANCELLED -> Count.CANCELLED;
            case EXPIRED -> Count.EXPIRED;
            case SCHEDULED, QUEUED, RUNNING, WAITING ->
                throw new IllegalStateException("an end in the state " + state);
          },
          times);
      if (code != null) {
        figures.addFailed(code, times);
      }
      if (totalMicros != NO_TIME) {
        figures.totalLatency().add(totalMicros, times);
      }
    }
  }

  /** A failure, in the words of its provider. */
  record Failed(
      String code,
      String provider,
      String model,
      String kind,
      String message,
      long atMillis,
      JobId job)
      implements Contribution {
    FailureGroup group() {
      return FailureGroup.of(code, provider, model, kind, message);
    }
  }

  /** A job is in a state. */
  record InState(JobState state, String tenant, String model, String kind)
      implements Contribution {}

  /** A job that no call was begun for has been here since that second. */
  record QueuedSince(long epochSecond) implements Contribution {}

  /** A job lies among the dead letters for that. */
  record LiesDead(String code, String provider, String model, String kind, String message)
      implements Contribution {
    FailureGroup group() {
      return FailureGroup.of(code, provider, model, kind, message);
    }
  }
}
