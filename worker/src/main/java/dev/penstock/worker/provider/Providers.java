package dev.penstock.worker.provider;

import dev.penstock.config.SettingsReader;
import dev.penstock.job.Job;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The providers that this worker can call, by name. Thread-safe. */
public final class Providers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Providers.class);
  private static final String PREFIX = "worker.provider.";

  private final Map<String, Provider> byName;

  public Providers(List<Provider> providers) {
    var byName = new LinkedHashMap<String, Provider>();
    for (Provider provider : providers) {
      if (byName.put(provider.name(), provider) != null) {
        throw new IllegalArgumentException("two providers are named " + provider.name());
      }
    }
    this.byName = byName;
  }

  /**
   * Makes every provider whose factory is on the class path and that {@code
   * worker.provider.NAME.enabled} does not switch off. What is wrong with a provider's settings
   * becomes an error of the reader.
   */
  public static List<Provider> load(SettingsReader reader) {
    var providers = new ArrayList<Provider>();
    for (ProviderFactory factory : ServiceLoader.load(ProviderFactory.class)) {
      String prefix = PREFIX + factory.name() + ".";
      if (!reader.flag(prefix + "enabled", true)) {
        continue;
      }
      var settings = new TreeMap<>(reader.below(prefix));
      settings.remove("enabled");
      try {
        providers.add(factory.create(settings));
      } catch (IllegalArgumentException e) {
        reader.error(prefix + "*: " + e.getMessage());
      }
    }
    return providers;
  }

  /** The provider that serves the job, or null when none does. */
  public @Nullable Provider serving(Job job) {
    Provider provider = byName.get(job.providerName());
    return provider != null && provider.kinds().contains(job.input().kind()) ? provider : null;
  }

  /** Loads models and connections ahead of the first job, on threads of their own. */
  public void warmUp() {
    for (Provider provider : byName.values()) {
      Thread.ofPlatform()
          .daemon()
          .name("warm-up-" + provider.name())
          .start(() -> {
            try {
              provider.warmUp();
            } catch (RuntimeException | LinkageError e) {
              log.error(
                  "the provider {} could not warm up; its calls will tell why", provider.name(), e);
            }
          });
    }
  }

  @Override
  public void close() {
    for (Provider provider : byName.values()) {
      try {
        provider.close();
      } catch (RuntimeException e) {
        log.warn("the provider {} did not close cleanly", provider.name(), e);
      }
    }
  }
}
