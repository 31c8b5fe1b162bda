package dev.penstock.provider;

import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import java.time.Duration;

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
 */
public record ProviderCall(
    JobId jobId,
    int generation,
    int attempt,
    Target target,
    JobInput input,
    Duration timeout,
    Progress progress) {
  /** A call whose answer is wanted as a whole. */
  public ProviderCall(
      JobId jobId, int generation, int attempt, Target target, JobInput input, Duration timeout) {
    this(jobId, generation, attempt, target, input, timeout, Progress.NONE);
  }

  /** The same call, with someone who takes what is there of the answer. */
  public ProviderCall telling(Progress progress) {
    return new ProviderCall(jobId, generation, attempt, target, input, timeout, progress);
  }

  /**
   * The same for the same attempt, also when it is made again after a crash: for providers that
   * take one.
   */
  public String idempotencyKey() {
    return jobId + "-" + generation + "-" + attempt;
  }
}
