package dev.penstock.runtime.telemetry;

import dev.penstock.config.Secret;
import dev.penstock.config.SettingsReader;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Whether and how a service tells of traces.
 *
 * @param isOn whether anything is told
 * @param endpoint where spans are posted to, by OTLP over HTTP
 * @param sampleRatio how many of the traces that begin here are kept, from 0 to 1; one that comes
 *     with a request is kept when its sender keeps it
 * @param serviceName who tells it
 * @param resource what else is said of who tells it
 * @param headers what the collector wants to see, as {@code NAME=VALUE} with commas between them
 * @param toProviders whether providers are told in which trace a call stands
 */
public record TelemetryConfig(
    boolean isOn,
    URI endpoint,
    double sampleRatio,
    String serviceName,
    Map<String, String> resource,
    Secret headers,
    boolean toProviders) {
  /** Of a service that tells nothing. */
  public static final TelemetryConfig OFF =
      new TelemetryConfig(
          false,
          URI.create("http://127.0.0.1:4318/v1/traces"),
          1,
          "penstock",
          Map.of(),
          new Secret(""),
          false);

  private static final String SIGNAL = "/v1/traces";
  private static final int MAX_PAIRS = 32;
  private static final int MAX_CHARS = 256;

  public TelemetryConfig {
    resource = Map.copyOf(resource);
  }

  /**
   * Reads {@code telemetry.*}; what it does not say is as OpenTelemetry's own variables say.
   *
   * @param service the command by which the service is started
   */
  public static TelemetryConfig read(SettingsReader reader, String service) {
    return read(reader, service, System.getenv());
  }

  static TelemetryConfig read(
      SettingsReader reader, String service, Map<String, String> environment) {
    String traces = reader.text("telemetry.traces", "off").strip().toLowerCase(Locale.ROOT);
    if (!traces.equals("off") && !traces.equals("otlp")) {
      reader.error("telemetry.traces is '" + traces + "', but must be off or otlp");
    }
    URI endpoint =
        endpoint(
            reader,
            reader.text(
                "telemetry.otlp-endpoint",
                environment.getOrDefault(
                    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                    environment.getOrDefault(
                        "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"))));
    Secret headers = reader.secret("telemetry.otlp-headers");
    if (headers.reveal().isBlank()) {
      headers = new Secret(environment.getOrDefault("OTEL_EXPORTER_OTLP_HEADERS", ""));
    }
    try {
      var _ = pairs(headers.reveal());
    } catch (IllegalArgumentException e) {
      reader.error(
          "telemetry.otlp-headers (or OTEL_EXPORTER_OTLP_HEADERS) is not NAME=VALUE with commas"
              + " between, values percent-encoded: "
              + e.getMessage());
    }
    Map<String, String> resource = Map.of();
    try {
      resource = pairs(environment.getOrDefault("OTEL_RESOURCE_ATTRIBUTES", ""));
    } catch (IllegalArgumentException e) {
      reader.error(
          "OTEL_RESOURCE_ATTRIBUTES is not KEY=VALUE with commas between, values percent-encoded: "
              + e.getMessage());
    }
    String name =
        reader.text(
            "telemetry.service-name",
            environment.getOrDefault("OTEL_SERVICE_NAME", "penstock-" + service));
    if (name.isBlank() || name.length() > MAX_CHARS) {
      reader.error(
          "telemetry.service-name is '"
              + name
              + "', but must have 1 to "
              + MAX_CHARS
              + " characters");
    }
    return new TelemetryConfig(
        traces.equals("otlp"),
        endpoint,
        reader.decimal("telemetry.sample-ratio", 1, 0, 1),
        name,
        resource,
        headers,
        reader.flag("telemetry.traceparent-to-providers", false));
  }

  /** A base URL, as OpenTelemetry's own variable has it, or the whole one. */
  private static URI endpoint(SettingsReader reader, String text) {
    try {
      var uri = new URI(text.strip());
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null && uri.getRawUserInfo() == null) {
        String base = text.strip().replaceAll("/+$", "");
        return URI.create(base.endsWith(SIGNAL) ? base : base + SIGNAL);
      }
    } catch (URISyntaxException _) {
      // falls through to the one error below
    }
    reader.error(
        "telemetry.otlp-endpoint (or OTEL_EXPORTER_OTLP_ENDPOINT) must be a URL such as"
            + " http://collector:4318, without a user and without a password in it; those go into"
            + " telemetry.otlp-headers");
    return OFF.endpoint();
  }

  /**
   * What stands in a list such as {@code a=1,b=2}, values percent-encoded.
   *
   * @throws IllegalArgumentException when it is no such list; the message repeats nothing of it
   */
  static Map<String, String> pairs(String text) {
    var pairs = new LinkedHashMap<String, String>();
    if (text.isBlank()) {
      return pairs;
    }
    int place = 0;
    for (String pair : text.split(",", MAX_PAIRS + 1)) {
      place++;
      int equals = pair.indexOf('=');
      if (equals < 1 || pair.length() > 16 * MAX_CHARS) {
        throw new IllegalArgumentException("pair " + place + " is none, or too long");
      }
      if (place > MAX_PAIRS) {
        throw new IllegalArgumentException("there are more than " + MAX_PAIRS);
      }
      String value = pair.substring(equals + 1).strip().replace("+", "%2B");
      String decoded;
      try {
        decoded = URLDecoder.decode(value, StandardCharsets.UTF_8);
      } catch (IllegalArgumentException _) {
        throw new IllegalArgumentException(
            "the value of pair " + place + " is not percent-encoded");
      }
      pairs.put(pair.substring(0, equals).strip(), decoded);
    }
    return pairs;
  }
}
