package dev.penstock.provider;

import java.util.Map;

/**
 * What a plugin's jar registers under {@code META-INF/services}: makes one provider.
 *
 * <p>A worker loads every factory on its class path, and creates those that its configuration does
 * not switch off.
 */
public interface ProviderFactory {
  /** The name of the provider that this makes. */
  String name();

  /**
   * Makes the provider.
   *
   * @param settings the values of {@code worker.provider.NAME.*}, keyed by what follows the last
   *     dot of that prefix
   * @throws IllegalArgumentException when a setting is wrong; the message names it, its value and
   *     its bound
   */
  Provider create(Map<String, String> settings);
}
