package dev.penstock.provider;

import dev.penstock.job.Failure;
import dev.penstock.job.JobOutput;

/** What a call came to. */
public sealed interface ProviderResult {
  record Answered(JobOutput output) implements ProviderResult {}

  record Failed(Failure failure) implements ProviderResult {}
}
