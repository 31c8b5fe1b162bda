package dev.penstock.local;

import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderFactory;
import java.util.Map;

/** Makes the provider {@code local}; found through {@link java.util.ServiceLoader}. */
public final class LocalProviderFactory implements ProviderFactory {

  @Override
  public String type() {
    return LocalProvider.TYPE;
  }

  @Override
  public boolean byDefault() {
    return true;
  }

  /** Makes the provider and loads nothing yet. */
  @Override
  public Provider create(String name, Map<String, String> settings) {
    return new LocalProvider(name, LocalSettings.read(settings));
  }
}
