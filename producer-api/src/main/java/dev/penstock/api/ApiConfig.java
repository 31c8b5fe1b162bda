package dev.penstock.api;

import dev.penstock.api.http.Limits;
import dev.penstock.config.Secret;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ops.HttpConfig;
import dev.penstock.runtime.telemetry.TelemetryConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The configuration of an intake.
 *
 * @param streams where the views are asked, in order of preference
 * @param streamsToken shown to the views with what changes something; empty where they ask for none
 * @param replayers where dead letters are asked for, in order of preference
 * @param advertised where other intakes reach this one; empty for the address that it listens on
 * @param defaultModel of jobs that name none
 * @param publishTimeout how long Kafka may take to acknowledge
 * @param keys what holds for idempotency keys
 * @param recurring what holds for schedules
 * @param telemetry whether it tells of traces
 */
record ApiConfig(
    HttpConfig http,
    KafkaConfig kafka,
    List<URI> streams,
    Secret streamsToken,
    List<URI> replayers,
    Optional<URI> advertised,
    String defaultModel,
    Duration publishTimeout,
    Keys keys,
    Recurring recurring,
    Limits limits,
    TelemetryConfig telemetry) {
  private static final int DEFAULT_PORT = 8080;

  /**
   * What holds for idempotency keys.
   *
   * @param maxPerPartition how many are remembered in each partition
   * @param patience how long a submission waits for another one with the same key, or for an owner
   */
  record Keys(int maxPerPartition, Duration patience) {}

  /**
   * What holds for recurring schedules.
   *
   * @param maxPerPartition how many there may be in each partition
   * @param minInterval the shortest time between two firings of one
   */
  record Recurring(int maxPerPartition, Duration minInterval) {}

  /** Reads {@code api.*}, {@code kafka.*} and {@code topics.*}. */
  static ApiConfig read(Settings settings) {
    SettingsReader reader = settings.reader();
    var http = HttpConfig.read(reader, "api", DEFAULT_PORT);
    var kafka = KafkaConfig.read(reader);
    List<URI> streams = urls(reader, "api.streams-url", "http://127.0.0.1:8082");
    Secret streamsToken = reader.secret("api.streams-token");
    List<URI> replayers = urls(reader, "api.replayer-url", "http://127.0.0.1:8083");
    String advertised = reader.text("api.advertised-url", "");
    Optional<URI> advertisedUrl =
        advertised.isBlank()
            ? Optional.empty()
            : url(reader, "api.advertised-url", advertised.strip());
    String model = reader.text("api.default-model", "local");
    if (model.isBlank() || model.length() > 200) {
      reader.error("api.default-model is '" + model + "', but must have 1 to 200 characters");
    }
    Duration publishTimeout =
        reader.duration(
            "api.publish-timeout",
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            Duration.ofMinutes(2));
    var keys =
        new Keys(
            reader.integer("api.max-idempotency-keys", 100_000, 1, 50_000_000),
            reader.duration(
                "api.idempotency-wait",
                Duration.ofSeconds(10),
                Duration.ofMillis(100),
                Duration.ofMinutes(2)));
    var recurring =
        new Recurring(
            reader.integer("api.max-schedules", 1_000, 1, 100_000),
            reader.duration(
                "api.min-schedule-interval",
                Duration.ofSeconds(10),
                Duration.ofSeconds(1),
                Duration.ofDays(1)));
    var limits = Limits.read(reader);
    var telemetry = TelemetryConfig.read(reader, "api");
    return reader.build(() ->
        new ApiConfig(
            http,
            kafka,
            streams,
            streamsToken,
            replayers,
            advertisedUrl,
            model,
            publishTimeout,
            keys,
            recurring,
            limits,
            telemetry));
  }

  /** One or several, with commas between them. */
  private static List<URI> urls(SettingsReader reader, String key, String usual) {
    var urls = new ArrayList<URI>();
    for (String url : reader.text(key, usual).split(",", -1)) {
      url(reader, key, url.strip()).ifPresent(urls::add);
    }
    return List.copyOf(urls);
  }

  private static Optional<URI> url(SettingsReader reader, String key, String text) {
    try {
      var uri = new URI(text);
      if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null) {
        return Optional.of(uri);
      }
    } catch (URISyntaxException _) {
      // falls through to the one error below
    }
    reader.error(key + " has '" + text + "', but must be a URL such as http://host:8082");
    return Optional.empty();
  }
}
