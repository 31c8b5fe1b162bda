package dev.penstock.bench.limit;

import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderFactory;
import java.util.Map;

/** Makes providers of the type {@code limited}, which call a {@link LimitEnforcer}. */
public final class LimitedProviderFactory implements ProviderFactory {
  @Override
  public String type() {
    return "limited";
  }

  @Override
  public Provider create(String name, Map<String, String> settings) {
    String port = settings.getOrDefault("port", "");
    try {
      return new LimitedProvider(name, Integer.parseInt(port));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("port is '" + port + "', but must be a number", e);
    }
  }
}
