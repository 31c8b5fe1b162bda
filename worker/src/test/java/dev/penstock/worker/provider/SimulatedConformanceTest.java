package dev.penstock.worker.provider;

import dev.penstock.kit.ProviderConformance;
import java.util.Map;
import java.util.Optional;

final class SimulatedConformanceTest extends ProviderConformance {
  private static final Map<String, String> AT_ONCE = Map.of("latency-mean", "0ms");

  @Override
  protected String type() {
    return "simulated";
  }

  @Override
  protected Map<String, String> settings() {
    return AT_ONCE;
  }

  @Override
  protected Optional<Map<String, String>> hangingSettings() {
    return Optional.of(Map.of("latency-mean", "0ms", "hang-rate", "1"));
  }

  @Override
  protected Optional<Map<String, String>> failingSettings() {
    return Optional.of(Map.of("latency-mean", "0ms", "failure-rate", "1"));
  }
}
