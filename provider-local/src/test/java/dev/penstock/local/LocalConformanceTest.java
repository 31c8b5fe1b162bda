package dev.penstock.local;

import dev.penstock.kit.ProviderConformance;
import java.util.Map;
import java.util.Optional;

final class LocalConformanceTest extends ProviderConformance {
  @Override
  protected String type() {
    return "local";
  }

  @Override
  protected Map<String, String> settings() {
    return Map.of("inference-threads", "2");
  }

  @Override
  protected Optional<String> unknownModel() {
    return Optional.of("no-such-model");
  }
}
