package dev.penstock.provider;

/**
 * Who is called for what.
 *
 * @param provider the name of a provider of this worker
 * @param model the model as that provider names it; empty for the one that it is configured with
 */
public record Target(String provider, String model) {
  public Target {
    if (provider.isBlank()) {
      throw new IllegalArgumentException("a target names its provider: provider or provider:model");
    }
  }

  /** Reads {@code provider} or {@code provider:model}; a model's name may have colons itself. */
  public static Target of(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? new Target(text, "")
        : new Target(text.substring(0, colon), text.substring(colon + 1));
  }

  /** As {@link #of} reads it. */
  @Override
  public String toString() {
    return model.isEmpty() ? provider : provider + ":" + model;
  }
}
