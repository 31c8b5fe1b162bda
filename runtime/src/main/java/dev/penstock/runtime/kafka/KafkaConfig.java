package dev.penstock.runtime.kafka;

import dev.penstock.config.SettingsReader;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * How to reach Kafka and which topics are ours.
 *
 * @param bootstrap {@code host:port}, several with commas
 * @param topics the topics of this installation
 * @param replicationFactor of topics that are made; -1 for the broker's default
 * @param client Kafka's own client settings (security, for example), from {@code kafka.client.*}
 */
public record KafkaConfig(
    String bootstrap, Topics topics, int replicationFactor, Map<String, String> client) {
  public KafkaConfig {
    client = Map.copyOf(client);
  }

  /** Reads {@code kafka.*} and {@code topics.*}. */
  public static KafkaConfig read(SettingsReader reader) {
    var defaults = Topics.defaults();
    String bootstrap =
        reader.requiredText("kafka.bootstrap", "give host:port of a Kafka broker (--bootstrap)");
    String prefix = reader.text("topics.prefix", defaults.prefix());
    int partitions =
        reader.integer("topics.partitions", defaults.partitions(), 1, Topics.MAX_PARTITIONS);
    int replicationFactor = reader.integer("topics.replication-factor", -1, -1, 10);
    Duration retention =
        reader.duration(
            "topics.event-retention",
            defaults.eventRetention(),
            Duration.ofMinutes(1),
            Duration.ofDays(3650));
    Duration window =
        reader.duration(
            "topics.idempotency-window",
            defaults.idempotencyWindow(),
            Duration.ofMinutes(1),
            Duration.ofDays(30));
    var holds =
        reader.durations("topics.holds", defaults.holds(), Topics.MIN_HOLD, Topics.MAX_HOLD);
    var client = dotted(reader.below("kafka.client."));
    Topics topics;
    try {
      topics = new Topics(prefix, partitions, retention, window, holds);
    } catch (IllegalArgumentException e) {
      reader.error(
          "topics.prefix is '" + prefix + "' and topics.holds " + holds + ": " + e.getMessage());
      topics = defaults;
    }
    return new KafkaConfig(bootstrap, topics, replicationFactor, client);
  }

  /** The settings that every client starts from. */
  public Map<String, Object> clientSettings(String clientId) {
    var settings = new HashMap<String, Object>(client);
    settings.put("bootstrap.servers", bootstrap);
    settings.put("client.id", clientId);
    return settings;
  }

  /** The environment can't say dots: {@code security-protocol} means {@code security.protocol}. */
  private static Map<String, String> dotted(Map<String, String> settings) {
    var dotted = new HashMap<String, String>();
    settings.forEach((key, value) -> dotted.put(key.replace('-', '.'), value));
    return dotted;
  }
}
