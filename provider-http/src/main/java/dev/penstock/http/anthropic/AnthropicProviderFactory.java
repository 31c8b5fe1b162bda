package dev.penstock.http.anthropic;

import dev.penstock.config.SettingsReader;
import dev.penstock.http.Dialect;
import dev.penstock.http.HttpProviders;
import dev.penstock.http.HttpProviders.Common;
import dev.penstock.http.HttpProviders.Protocol;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderFactory;
import java.util.Map;
import java.util.Set;

/** Makes providers that speak the Messages API of Anthropic. */
public final class AnthropicProviderFactory implements ProviderFactory {
  private static final Protocol PROTOCOL =
      new Protocol(
          "https://api.anthropic.com",
          "ANTHROPIC_API_KEY",
          Set.of("anthropic-version"),
          AnthropicProviderFactory::dialect);

  @Override
  public String type() {
    return "anthropic";
  }

  @Override
  public Provider create(String name, Map<String, String> settings) {
    return HttpProviders.create(name, settings, PROTOCOL);
  }

  private static Dialect dialect(SettingsReader reader, Common common) {
    String version = reader.text("anthropic-version", "2023-06-01").strip();
    if (!version.matches("[A-Za-z0-9._-]{1,50}")) {
      reader.error(
          "anthropic-version is '"
              + version
              + "', but must be 1 to 50 letters, digits, '.', '_' or '-', such as 2023-06-01");
    }
    return new Messages(common, version);
  }
}
