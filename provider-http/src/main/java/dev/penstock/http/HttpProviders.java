package dev.penstock.http;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.provider.Provider;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** Makes providers behind HTTP from their settings. */
public final class HttpProviders {
  private static final Set<String> KNOWN =
      Set.of(
          "base-url",
          "allow-http",
          "api-key",
          "api-keys",
          "master-keys-file",
          "key-rest",
          "model",
          "max-output-tokens",
          "max-response-bytes",
          "stream",
          "stream-idle-timeout");

  private static final int LEAST_RESPONSE_BYTES = 1_000;
  private static final int MOST_RESPONSE_BYTES = 64 * 1024 * 1024;
  private static final int USUAL_RESPONSE_BYTES = 8 * 1024 * 1024;
  private static final int MOST_OUTPUT_TOKENS = 1_000_000;

  private HttpProviders() {}

  /**
   * What is particular to one protocol's factory.
   *
   * @param baseUrl where its usual API is
   * @param keyVariable the variable that has the key when that API is used and nothing else is said
   * @param settings the names of the settings that only it has
   * @param dialect makes the dialect
   */
  public record Protocol(
      String baseUrl, String keyVariable, Set<String> settings, DialectFactory dialect) {
    public Protocol {
      settings = Set.copyOf(settings);
    }
  }

  /** Makes the dialect of one provider. */
  @FunctionalInterface
  public interface DialectFactory {
    /**
     * Makes it.
     *
     * @param reader takes the errors of the protocol's own settings
     */
    Dialect create(SettingsReader reader, Common common);
  }

  /**
   * Settings that every dialect has.
   *
   * @param baseUrl where the API is
   * @param model for calls that name none; empty where there is none
   * @param maxOutputTokens for kinds whose jobs do not say it
   * @param stream whether answers that can be long are read while they are written
   */
  public record Common(String baseUrl, String model, int maxOutputTokens, boolean stream) {}

  /** What of the world around it a provider sees. */
  record Surroundings(Map<String, String> environment, LongSupplier nanoTime, InstantSource clock) {
    static Surroundings real() {
      return new Surroundings(System.getenv(), System::nanoTime, InstantSource.system());
    }
  }

  /**
   * Makes a provider.
   *
   * @throws IllegalArgumentException when a setting is wrong; the message names it, its value
   *     unless it is a secret, and its bound
   */
  public static Provider create(String name, Map<String, String> settings, Protocol protocol) {
    return create(name, settings, protocol, Surroundings.real());
  }

  static Provider create(
      String name, Map<String, String> settings, Protocol protocol, Surroundings around) {
    refuseUnknown(settings, protocol);
    SettingsReader reader = Settings.of(settings).reader();
    String baseUrl = reader.text("base-url", protocol.baseUrl()).strip();
    boolean allowHttp = reader.flag("allow-http", false);
    int maxResponseBytes =
        reader.integer(
            "max-response-bytes", USUAL_RESPONSE_BYTES, LEAST_RESPONSE_BYTES, MOST_RESPONSE_BYTES);
    Duration idle =
        reader.duration(
            "stream-idle-timeout",
            Duration.ofMinutes(5),
            Duration.ofMillis(10),
            Duration.ofMinutes(30));
    Duration rest =
        reader.duration(
            "key-rest", Duration.ofMinutes(5), Duration.ofSeconds(1), Duration.ofDays(1));
    var common =
        new Common(
            baseUrl,
            reader.text("model", "").strip(),
            reader.integer("max-output-tokens", 4_096, 1, MOST_OUTPUT_TOKENS),
            reader.flag("stream", true));
    Dialect dialect = protocol.dialect().create(reader, common);
    try {
      return reader.build(() ->
          new HttpProvider(
              name,
              dialect,
              new HttpProvider.Connection(
                  Endpoint.of(baseUrl, allowHttp), maxResponseBytes, idle, around.clock()),
              new KeyRing(keys(settings, reader, protocol, around), rest, around.nanoTime())));
    } catch (ConfigException e) {
      throw new IllegalArgumentException(String.join("; ", e.errors()), e);
    }
  }

  private static List<KeySource> keys(
      Map<String, String> settings, SettingsReader reader, Protocol protocol, Surroundings around) {
    String plain = reader.secret("api-key").reveal();
    String list = reader.text("api-keys", "");
    if (!plain.isBlank() && !list.isBlank()) {
      throw new IllegalArgumentException("api-key and api-keys are both set; leave one out");
    }
    var keys =
        new Keys(reader.text("master-keys-file", ""), around.environment(), around.nanoTime());
    if (!plain.isBlank()) {
      try {
        return List.of(keys.given(plain));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("api-key: " + e.getMessage(), e);
      }
    }
    // The usual variable's key goes to the usual host alone.
    boolean usual = list.isBlank() && !settings.containsKey("base-url");
    return keys.read(usual ? "env:" + protocol.keyVariable() : list);
  }

  private static void refuseUnknown(Map<String, String> settings, Protocol protocol) {
    var known = new HashSet<>(KNOWN);
    known.addAll(protocol.settings());
    var unknown = new TreeSet<>(settings.keySet());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown settings " + unknown + "; known are " + new TreeSet<>(known));
    }
  }
}
