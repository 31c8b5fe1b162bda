package dev.penstock.provider;

import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import java.time.Duration;

/**
 * One call.
 *
 * @param jobId the job, for logs and as an idempotency key where the provider takes one
 * @param generation the job's generation
 * @param attempt the number of this attempt, from 1
 * @param model the job's model as submitted: {@code provider} or {@code provider:model}
 * @param input what to do
 * @param timeout how long the worker will wait before it interrupts
 */
public record ProviderCall(
    JobId jobId, int generation, int attempt, String model, JobInput input, Duration timeout) {}
