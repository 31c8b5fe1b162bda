package dev.penstock.job;

/** How a generation of a job ended. There is exactly one for each. */
public sealed interface Outcome {

  /** The state that the job is in from now on. */
  JobState state();

  record Succeeded(JobOutput output) implements Outcome {
    @Override
    public JobState state() {
      return JobState.SUCCEEDED;
    }
  }

  /** All attempts are spent or none can help; the whole job lies in the dead-letter topic. */
  record DeadLettered(Failure reason) implements Outcome {
    @Override
    public JobState state() {
      return JobState.DEAD_LETTERED;
    }
  }

  record Cancelled() implements Outcome {
    @Override
    public JobState state() {
      return JobState.CANCELLED;
    }
  }

  /** The job's {@code expireAt} passed, or no further attempt could start before it. */
  record Expired() implements Outcome {
    @Override
    public JobState state() {
      return JobState.EXPIRED;
    }
  }
}
