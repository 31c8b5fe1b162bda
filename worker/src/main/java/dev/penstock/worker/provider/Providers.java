package dev.penstock.worker.provider;

import dev.penstock.config.SettingsReader;
import dev.penstock.job.JobKind;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderFactory;
import dev.penstock.worker.run.Interceptors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The providers that this worker can call, by name. Thread-safe. */
public final class Providers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Providers.class);
  private static final String PREFIX = "worker.provider.";
  private static final int MAX_PROVIDERS = 50;
  private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,50}");

  private final Map<String, Provider> byName;
  private final Interceptors interceptors;

  /** With nobody between them and their callers. */
  public Providers(List<Provider> providers) {
    this(providers, Interceptors.NONE);
  }

  /**
   * @param interceptors what every call passes
   */
  public Providers(List<Provider> providers, Interceptors interceptors) {
    this.interceptors = interceptors;
    var byName = new LinkedHashMap<String, Provider>();
    for (Provider provider : providers) {
      if (byName.put(provider.name(), provider) != null) {
        throw new IllegalArgumentException("two providers are named " + provider.name());
      }
    }
    this.byName = byName;
  }

  /**
   * Makes the providers that {@code worker.providers} names, of the types whose factories are on
   * the class path. What is wrong with them becomes an error of the reader.
   */
  public static List<Provider> load(SettingsReader reader) {
    var factories = new TreeMap<String, ProviderFactory>();
    for (ProviderFactory factory : ServiceLoader.load(ProviderFactory.class)) {
      factories.put(factory.type(), factory);
    }
    String usual =
        factories.values().stream()
            .filter(ProviderFactory::byDefault)
            .map(ProviderFactory::type)
            .collect(Collectors.joining(","));
    var providers = new ArrayList<Provider>();
    for (String name : names(reader, usual)) {
      String prefix = PREFIX + name + ".";
      var settings = new TreeMap<>(reader.below(prefix));
      String type = Objects.requireNonNullElse(settings.remove("type"), name);
      ProviderFactory factory = factories.get(type);
      if (factory == null) {
        reader.error(
            "worker.providers names '"
                + name
                + "', but there is no type of provider '"
                + type
                + "' on the class path; say which it is in "
                + prefix
                + "type: one of "
                + factories.keySet());
        continue;
      }
      try {
        providers.add(factory.create(name, settings));
      } catch (IllegalArgumentException e) {
        reader.error(prefix + "*: " + e.getMessage());
      }
    }
    return providers;
  }

  private static Set<String> names(SettingsReader reader, String usual) {
    var names = new LinkedHashSet<String>();
    for (String name : reader.text("worker.providers", usual).split(",", MAX_PROVIDERS + 1)) {
      if (!NAME.matcher(name.strip()).matches()) {
        reader.error(
            "worker.providers has '"
                + name.strip()
                + "', but is made of 1 to "
                + MAX_PROVIDERS
                + " names with commas between them, each of 1 to 50 lower case letters, digits and"
                + " '-'");
      } else if (!names.add(name.strip())) {
        reader.error("worker.providers names '" + name.strip() + "' twice");
      }
    }
    return names;
  }

  /** Whether there is a provider of that name that serves jobs of that kind. */
  public boolean serves(String name, JobKind kind) {
    Provider provider = byName.get(name);
    return provider != null && provider.kinds().contains(kind);
  }

  /** The provider of that name; there is one. */
  public Provider named(String name) {
    return Objects.requireNonNull(byName.get(name), name);
  }

  /** What every call passes. */
  public Interceptors interceptors() {
    return interceptors;
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
