package dev.penstock.provider;

import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One call.
 *
 * @param jobId the job
 * @param generation the job's generation
 * @param attempt the number of this attempt, from 1
 * @param target which of the provider's models is to do it
 * @param input what to do
 * @param timeout how long the worker will wait before it interrupts
 * @param progress takes what is there of the answer while more of it comes
 * @param traceparent the W3C trace context that the provider is to be told, or null where it is to
 *     be told none
 */
public record ProviderCall(
    JobId jobId,
    int generation,
    int attempt,
    Target target,
    JobInput input,
    Duration timeout,
    Progress progress,
    @Nullable String traceparent) {
  /** A call whose answer is wanted as a whole. */
  public ProviderCall(
      JobId jobId, int generation, int attempt, Target target, JobInput input, Duration timeout) {
    this(jobId, generation, attempt, target, input, timeout, Progress.NONE);
  }

  /** A call of which the provider is told no trace. */
  public ProviderCall(
      JobId jobId,
      int generation,
      int attempt,
      Target target,
      JobInput input,
      Duration timeout,
      Progress progress) {
    this(jobId, generation, attempt, target, input, timeout, progress, null);
  }

  /** The same call, with someone who takes what is there of the answer. */
  public ProviderCall telling(Progress progress) {
    return new ProviderCall(
        jobId, generation, attempt, target, input, timeout, progress, traceparent);
  }

  /** The same call with another input. */
  public ProviderCall with(JobInput input) {
    return new ProviderCall(
        jobId, generation, attempt, target, input, timeout, progress, traceparent);
  }

  /** The same call, of which the provider is told in which trace it stands. */
  public ProviderCall within(String traceparent) {
    return new ProviderCall(
        jobId, generation, attempt, target, input, timeout, progress, traceparent);
  }

  /**
   * The same for the same attempt, also when it is made again after a crash: for providers that
   * take one.
   */
  public String idempotencyKey() {
    return jobId + "-" + generation + "-" + attempt;
  }
}
