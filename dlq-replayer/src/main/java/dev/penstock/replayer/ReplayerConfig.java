package dev.penstock.replayer;

import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ops.HttpConfig;
import java.time.Duration;

/**
 * The configuration of a replayer.
 *
 * @param http where it listens
 * @param timeout how long Kafka may take for one step
 */
record ReplayerConfig(HttpConfig http, KafkaConfig kafka, Duration timeout) {
  private static final int DEFAULT_PORT = 8083;

  /** Reads {@code replayer.*}, {@code kafka.*} and {@code topics.*}. */
  static ReplayerConfig read(Settings settings) {
    SettingsReader reader = settings.reader();
    var http = HttpConfig.read(reader, "replayer", DEFAULT_PORT);
    var kafka = KafkaConfig.read(reader);
    Duration timeout =
        reader.duration(
            "replayer.kafka-timeout",
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            Duration.ofMinutes(2));
    return reader.build(() -> new ReplayerConfig(http, kafka, timeout));
  }
}
