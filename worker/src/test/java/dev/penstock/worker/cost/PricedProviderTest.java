package dev.penstock.worker.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PricedProviderTest {
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");

  @TempDir private Path directory;
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final UsageMeter meter = new UsageMeter(registry);
  private Prices prices = Prices.NONE;

  @BeforeEach
  void prices() throws Exception {
    Path file = directory.resolve("prices.json");
    Files.writeString(
        file,
        "{\"currency\":\"USD\",\"prices\":[{\"provider\":\"p\",\"model\":\"m*\",\"from\":\"2026-01-01\","
            + "\"input\":1,\"output\":2}]}");
    prices = Prices.of(file);
  }

  private CallReport reportOf(ProviderResult result, String model) throws InterruptedException {
    Provider plain =
        new Provider() {
          @Override
          public String name() {
            return "p";
          }

          @Override
          public Set<JobKind> kinds() {
            return Set.of(JobKind.GENERATE);
          }

          @Override
          public ProviderResult call(ProviderCall call) {
            return result;
          }
        };
    var call =
        new ProviderCall(
            JobId.random(NOW),
            0,
            1,
            new Target("p", model),
            new JobInput.Generate("t", null, 9),
            Duration.ofSeconds(1));
    try (Provider priced =
        PricedProvider.all(List.of(plain), prices, meter, () -> NOW).getFirst()) {
      return priced.call(call).report();
    }
  }

  private double counted(String name, String... tags) {
    var counter = registry.find(name).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }

  @Test
  void whatWasUsedHasItsCostAndIsCounted() throws Exception {
    var answered = new ProviderResult.Answered(new JobOutput.Text("hi"), report(1_000, null));
    assertThat(reportOf(answered, "m-1").costNanos()).isEqualTo(1_000_000 + 20_000);
    assertThat(counted("penstock.worker.tokens", "type", "input", "result", "answered"))
        .isEqualTo(1_000);
    assertThat(counted("penstock.worker.cost", "currency", "USD", "model", "m-1"))
        .isEqualTo(0.00102);
  }

  @Test
  void whereNoModelIsAskedForTheOneThatAnsweredIsCounted() throws Exception {
    var told = new CallReport("m-2026", "r", new Usage(7, 10, 0), null, null, null);
    reportOf(new ProviderResult.Answered(new JobOutput.Text("hi"), told), "");
    assertThat(counted("penstock.worker.tokens", "type", "input", "model", "m-2026")).isEqualTo(7);
  }

  @Test
  void aFailedCallThatUsedTokensIsCountedApart() throws Exception {
    var failed = new ProviderResult.Failed(new Failure.ContentRefused("no"), report(500, null));
    assertThat(reportOf(failed, "m-1").costNanos()).isEqualTo(520_000);
    assertThat(counted("penstock.worker.tokens", "type", "input", "result", "failed"))
        .isEqualTo(500);
  }

  @Test
  void aProvidersOwnCostCounts() throws Exception {
    var answered = new ProviderResult.Answered(new JobOutput.Text("hi"), report(1_000, 7L));
    assertThat(reportOf(answered, "m-1").costNanos()).isEqualTo(7);
  }

  @Test
  void aCallWithoutAPriceIsCountedAsSuch() throws Exception {
    var answered = new ProviderResult.Answered(new JobOutput.Text("hi"), report(10, null));
    assertThat(reportOf(answered, "other-model").costNanos()).isNull();
    assertThat(counted("penstock.worker.calls.unpriced", "model", "other-model")).isEqualTo(1);
  }

  @Test
  void aProviderThatTellsNoUsageIsLeftAlone() throws Exception {
    assertThat(reportOf(new ProviderResult.Answered(new JobOutput.Text("hi")), "m"))
        .isSameAs(CallReport.NONE);
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void labelsAreBounded() throws Exception {
    var answered = new ProviderResult.Answered(new JobOutput.Text("hi"), report(10, null));
    for (int i = 0; i < 2 * UsageMeter.MAX_MODELS; i++) {
      reportOf(answered, "x-" + i);
    }
    assertThat(registry.find("penstock.worker.calls.unpriced").counters())
        .as("one for each of the first models, one for all others")
        .hasSize(UsageMeter.MAX_MODELS + 1);
  }

  private static CallReport report(long inputTokens, @Nullable Long costNanos) {
    return new CallReport(null, "r", new Usage(inputTokens, 10, 0), null, null, costNanos);
  }
}
