package dev.penstock.local;

import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderFactory;
import java.util.Map;

/** Makes the provider {@code local}; found through {@link java.util.ServiceLoader}. */
public final class LocalProviderFactory implements ProviderFactory {

  @Override
  public String name() {
    return LocalProvider.NAME;
  }

  /** Makes the provider and loads nothing yet. */
  @Override
  public Provider create(Map<String, String> settings) {
    return new LocalProvider(LocalSettings.read(settings));
  }
}
