package dev.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.provider.Progress;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;

/** Calls for tests. */
public final class Calls {
  public static final String TEXT = "Call me Ishmael. Some years ago, never mind how long.";
  public static final JobInput.Generate GENERATE = new JobInput.Generate(TEXT, null, 50);

  private Calls() {}

  public static ProviderCall call(JobInput input) {
    return call(input, Progress.NONE);
  }

  public static ProviderCall call(JobInput input, Progress progress) {
    return new ProviderCall(
        JobId.ofKey(Instant.EPOCH, "case-7"),
        2,
        3,
        new Target("wire", ""),
        input,
        Duration.ofSeconds(60),
        progress);
  }

  public static Failure failure(Provider provider, JobInput input) throws InterruptedException {
    return failed(provider, input).failure();
  }

  public static ProviderResult.Failed failed(Provider provider, JobInput input)
      throws InterruptedException {
    ProviderResult result = provider.call(call(input));
    assertThat(result).isInstanceOf(ProviderResult.Failed.class);
    return (ProviderResult.Failed) result;
  }

  public static ProviderResult.Answered answered(Provider provider, JobInput input)
      throws InterruptedException {
    ProviderResult result = provider.call(call(input));
    assertThat(result).isInstanceOf(ProviderResult.Answered.class);
    return (ProviderResult.Answered) result;
  }
}
