package dev.penstock.provider;

import dev.penstock.job.Failure;
import dev.penstock.job.JobOutput;
import java.util.Objects;

/** What a call came to. */
public sealed interface ProviderResult {
  /** What the provider told beside it. */
  CallReport report();

  /** The same result with another report. */
  ProviderResult with(CallReport report);

  record Answered(JobOutput output, CallReport report) implements ProviderResult {
    public Answered {
      Objects.requireNonNull(output, "output");
      Objects.requireNonNull(report, "report");
    }

    @Override
    public Answered with(CallReport report) {
      return new Answered(output, report);
    }

    /** An answer of a provider that tells nothing else. */
    public Answered(JobOutput output) {
      this(output, CallReport.NONE);
    }
  }

  record Failed(Failure failure, CallReport report) implements ProviderResult {
    public Failed {
      Objects.requireNonNull(failure, "failure");
      Objects.requireNonNull(report, "report");
    }

    @Override
    public Failed with(CallReport report) {
      return new Failed(failure, report);
    }

    /** A failure of a provider that tells nothing else. */
    public Failed(Failure failure) {
      this(failure, CallReport.NONE);
    }
  }
}
