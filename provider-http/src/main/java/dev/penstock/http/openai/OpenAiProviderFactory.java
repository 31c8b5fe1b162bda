package dev.penstock.http.openai;

import dev.penstock.config.SettingsReader;
import dev.penstock.http.Dialect;
import dev.penstock.http.HttpProviders;
import dev.penstock.http.HttpProviders.Common;
import dev.penstock.http.HttpProviders.Protocol;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Makes providers that speak the API of OpenAI: chat completions, or responses; embeddings. */
public final class OpenAiProviderFactory implements ProviderFactory {
  private static final String BASE_URL = "https://api.openai.com/v1";
  private static final Set<String> SETTINGS =
      Set.of(
          "api",
          "embedding-model",
          "organization",
          "project",
          "api-version",
          "key-header",
          "response-format",
          "max-tokens-field",
          "idempotency-key");

  private static final Protocol PROTOCOL =
      new Protocol(BASE_URL, "OPENAI_API_KEY", SETTINGS, OpenAiProviderFactory::dialect);

  /** {@code api}. */
  private enum Api {
    CHAT,
    RESPONSES
  }

  @Override
  public String type() {
    return "openai";
  }

  @Override
  public Provider create(String name, Map<String, String> settings) {
    return HttpProviders.create(name, settings, PROTOCOL);
  }

  private static Dialect dialect(SettingsReader reader, Common common) {
    String version = reader.text("api-version", "").strip();
    if (!version.matches("[A-Za-z0-9._-]{0,50}")) {
      reader.error(
          "api-version is '"
              + version
              + "', but must be up to 50 letters, digits, '.', '_' or '-', such as 2024-10-21");
    }
    Api api = choice(reader, "api", Api.CHAT);
    ResponseFormat format = choice(reader, "response-format", ResponseFormat.JSON_SCHEMA);
    // Those who only speak the API of OpenAI mostly know the older name.
    boolean itself = common.baseUrl().equals(BASE_URL) || !version.isEmpty();
    String maxTokens =
        reader.text("max-tokens-field", itself ? "max_completion_tokens" : "max_tokens").strip();
    if (!maxTokens.equals("max_tokens") && !maxTokens.equals("max_completion_tokens")) {
      reader.error(
          "max-tokens-field is '"
              + maxTokens
              + "', but must be max_tokens or max_completion_tokens");
    }
    var options =
        new OpenAiOptions(
            common,
            reader.text("embedding-model", "").strip(),
            headerValue(reader, "organization"),
            headerValue(reader, "project"),
            version,
            keyHeader(reader, version),
            format,
            maxTokens,
            reader.flag("idempotency-key", true));
    return switch (api) {
      case CHAT -> new OpenAiDialect(options, new ChatCompletions(options));
      case RESPONSES -> new OpenAiDialect(options, new Responses(options));
    };
  }

  private static String keyHeader(SettingsReader reader, String version) {
    String header =
        reader
            .text("key-header", version.isEmpty() ? "authorization" : "api-key")
            .strip()
            .toLowerCase(Locale.ROOT);
    if (!header.matches("[a-z0-9-]{1,50}")) {
      reader.error("key-header is '" + header + "', but must be the name of a header");
      return "authorization";
    }
    return header;
  }

  private static String headerValue(SettingsReader reader, String key) {
    String value = reader.text(key, "").strip();
    if (!value.matches("[!-~]{0,200}")) {
      reader.error(key + " is '" + value + "', but must be one word of ASCII characters");
      return "";
    }
    return value;
  }

  private static <E extends Enum<E>> E choice(SettingsReader reader, String key, E usual) {
    String text = reader.text(key, wire(usual)).strip();
    E[] all = usual.getDeclaringClass().getEnumConstants();
    for (E value : all) {
      if (wire(value).equals(text)) {
        return value;
      }
    }
    reader.error(
        key
            + " is '"
            + text
            + "', but must be one of "
            + Arrays.stream(all)
                .map(OpenAiProviderFactory::wire)
                .collect(Collectors.joining(", ")));
    return usual;
  }

  private static String wire(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
