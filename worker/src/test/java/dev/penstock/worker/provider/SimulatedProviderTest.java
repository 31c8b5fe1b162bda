package dev.penstock.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SimulatedProviderTest {
  private static final int CALLS = 400;

  /** How many of the calls sleep at all: an interrupted thread can't. */
  private static int sleeping(String slowRate) {
    Provider provider =
        new SimulatedProviderFactory()
            .create(
                "simulated",
                Map.of("latency-mean", "0s", "slow-rate", slowRate, "slow-latency", "1h"));
    int slept = 0;
    for (int i = 0; i < CALLS; i++) {
      var call =
          new ProviderCall(
              JobId.random(Instant.EPOCH),
              0,
              1,
              Target.of("simulated"),
              new JobInput.DetectLanguage("text"),
              Duration.ofHours(2));
      Thread.currentThread().interrupt();
      try {
        var _ = provider.call(call);
        assertThat(Thread.interrupted()).isTrue();
      } catch (InterruptedException _) {
        slept++;
      }
    }
    return slept;
  }

  @Test
  void theSlowShareOfCallsTakesItsOwnTime() {
    assertThat(sleeping("1")).isEqualTo(CALLS);
    // Six standard deviations to each side.
    assertThat(sleeping("0.5")).isBetween(CALLS / 2 - 60, CALLS / 2 + 60);
  }

  @Test
  void noCallIsSlowUnlessItIsAskedFor() {
    assertThat(sleeping("0")).isZero();
  }
}
