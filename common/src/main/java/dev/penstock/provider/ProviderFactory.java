package dev.penstock.provider;

import java.util.Map;

/**
 * What a plugin's jar registers under {@code META-INF/services}: makes providers of one type.
 *
 * <p>A worker makes those that {@code worker.providers} names. Each name is a type, or has its type
 * in {@code worker.provider.NAME.type}, so that there can be several of one type.
 */
public interface ProviderFactory {
  /** The type of the providers that this makes, and the name of one that is not given another. */
  String type();

  /**
   * Whether a worker makes one of these when its configuration names no providers: one that needs
   * no settings.
   */
  default boolean byDefault() {
    return false;
  }

  /**
   * Makes a provider.
   *
   * @param name what {@link Provider#name} is to say
   * @param settings the values of {@code worker.provider.NAME.*}, keyed by what follows that prefix
   * @throws IllegalArgumentException when a setting is wrong; the message names it, its value and
   *     its bound
   */
  Provider create(String name, Map<String, String> settings);
}
