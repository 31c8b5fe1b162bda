package dev.penstock.job;

import org.jspecify.annotations.Nullable;

/**
 * What stands on the topic of ordered jobs, under the ordering key: jobs, in the order in which
 * they are to be run, and what the sequencer is told of them.
 */
public sealed interface OrderedRecord {
  JobId jobId();

  int generation();

  /**
   * A job joins the line of its key.
   *
   * @param traceparent the W3C trace context of the submission, or null
   */
  record Enter(JobRecord record, @Nullable String traceparent) implements OrderedRecord {
    @Override
    public JobId jobId() {
      return record.job().id();
    }

    @Override
    public int generation() {
      return record.generation();
    }
  }

  /** The job needs its key no more. Obeyed only while that job is at the head of the line. */
  record Release(JobId jobId, int generation) implements OrderedRecord {}

  /**
   * Someone wants the job to end. Means something only while it is in the line, behind the head.
   */
  record Cancel(JobId jobId, int generation) implements OrderedRecord {}
}
