package dev.penstock.job;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;

/** How a generation of a job ended. There is exactly one for each. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "status")
public sealed interface Outcome {

  /** The state that the job is in from now on. */
  @JsonIgnore
  JobState state();

  @JsonTypeName("succeeded")
  record Succeeded(JobOutput output) implements Outcome {
    @Override
    public JobState state() {
      return JobState.SUCCEEDED;
    }
  }

  /** All attempts are spent or none can help; the whole job lies in the dead-letter topic. */
  @JsonTypeName("dead-lettered")
  record DeadLettered(Failure reason) implements Outcome {
    @Override
    public JobState state() {
      return JobState.DEAD_LETTERED;
    }
  }

  @JsonTypeName("cancelled")
  record Cancelled() implements Outcome {
    @Override
    public JobState state() {
      return JobState.CANCELLED;
    }
  }

  /** The job's {@code expireAt} passed, or no further attempt could start before it. */
  @JsonTypeName("expired")
  record Expired() implements Outcome {
    @Override
    public JobState state() {
      return JobState.EXPIRED;
    }
  }
}
