package dev.penstock.worker.provider;

import dev.penstock.config.SettingsReader;
import dev.penstock.provider.Provider;
import dev.penstock.worker.cost.Prices;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whom a worker can call.
 *
 * @param providers each under its own name
 * @param prices what their calls cost
 */
public record ProviderSetup(List<Provider> providers, Prices prices) {
  public ProviderSetup {
    providers = List.copyOf(providers);
  }

  /** Reads {@code worker.providers}, {@code worker.provider.*} and {@code worker.prices-file}. */
  public static ProviderSetup read(SettingsReader reader) {
    return new ProviderSetup(Providers.load(reader), prices(reader));
  }

  private static Prices prices(SettingsReader reader) {
    String file = reader.text("worker.prices-file", "");
    if (file.isBlank()) {
      return Prices.NONE;
    }
    try {
      return Prices.of(Path.of(file));
    } catch (IllegalArgumentException e) {
      reader.error("worker.prices-file: " + e.getMessage());
      return Prices.NONE;
    }
  }

  /** The names of the providers. */
  public Set<String> names() {
    return providers.stream().map(Provider::name).collect(Collectors.toUnmodifiableSet());
  }
}
