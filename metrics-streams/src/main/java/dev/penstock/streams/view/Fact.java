package dev.penstock.streams.view;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.RetryNowRequest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a record says of a job. */
public sealed interface Fact {
  JobId job();

  /** The life that is known once this is known too. */
  JobLife foldedInto(JobLife life);

  /**
   * A job's record was read.
   *
   * @param appendedAt when the broker appended it
   * @param origin where it stands
   * @param traceId the trace of the submission, 32 hexadecimal digits, or null
   */
  record Accepted(JobRecord value, Instant appendedAt, Origin origin, @Nullable String traceId)
      implements Fact {
    @Override
    public JobId job() {
      return value.job().id();
    }

    @Override
    public JobLife foldedInto(JobLife life) {
      return life.accepted(this);
    }
  }

  record Happened(JobEvent value) implements Fact {
    @Override
    public JobId job() {
      return value.jobId();
    }

    @Override
    public JobLife foldedInto(JobLife life) {
      return life.happened(value);
    }
  }

  record CancelRequested(CancelRequest value) implements Fact {
    @Override
    public JobId job() {
      return value.jobId();
    }

    @Override
    public JobLife foldedInto(JobLife life) {
      return life.cancelRequested(value);
    }
  }

  record RetryNowRequested(RetryNowRequest value) implements Fact {
    @Override
    public JobId job() {
      return value.jobId();
    }

    @Override
    public JobLife foldedInto(JobLife life) {
      return life.retryNowRequested(value);
    }
  }

  /** The view dropped the job, some time after its end. No record says so. */
  record Dropped(JobId job) implements Fact {
    @Override
    public JobLife foldedInto(JobLife life) {
      return JobLife.UNKNOWN;
    }
  }
}
