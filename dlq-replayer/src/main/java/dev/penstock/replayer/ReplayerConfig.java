package dev.penstock.replayer;

import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ops.HttpConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;

/**
 * The configuration of a replayer.
 *
 * @param http where it listens
 * @param advertised where other replayers reach this one; empty for the address that it listens on
 * @param timeout how long Kafka may take for one step
 */
record ReplayerConfig(
    HttpConfig http, KafkaConfig kafka, Optional<URI> advertised, Duration timeout) {
  private static final int DEFAULT_PORT = 8083;

  /** Reads {@code replayer.*}, {@code kafka.*} and {@code topics.*}. */
  static ReplayerConfig read(Settings settings) {
    SettingsReader reader = settings.reader();
    var http = HttpConfig.read(reader, "replayer", DEFAULT_PORT);
    var kafka = KafkaConfig.read(reader);
    Optional<URI> advertised = advertised(reader);
    Duration timeout =
        reader.duration(
            "replayer.kafka-timeout",
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            Duration.ofMinutes(2));
    return reader.build(() -> new ReplayerConfig(http, kafka, advertised, timeout));
  }

  private static Optional<URI> advertised(SettingsReader reader) {
    String text = reader.text("replayer.advertised-url", "").strip();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      var uri = new URI(text);
      if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null) {
        return Optional.of(uri);
      }
      // falls through to the one error below
    } catch (URISyntaxException _) {
      // falls through to the one error below
    }
    reader.error(
        "replayer.advertised-url is '" + text + "', but must be like http://replayer-1:8083");
    return Optional.empty();
  }
}
