package dev.penstock.provider;

import dev.penstock.job.Failure;
import dev.penstock.job.JobOutput;
import java.util.Objects;

/** What a call came to. */
public sealed interface ProviderResult {
  record Answered(JobOutput output) implements ProviderResult {
    public Answered {
      Objects.requireNonNull(output, "output");
    }
  }

  record Failed(Failure failure) implements ProviderResult {
    public Failed {
      Objects.requireNonNull(failure, "failure");
    }
  }
}
