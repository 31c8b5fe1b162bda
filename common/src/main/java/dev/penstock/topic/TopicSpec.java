package dev.penstock.topic;

import java.util.Map;

/**
 * A topic as it must be on the cluster.
 *
 * @param name its full name, prefix included
 * @param key what its records are keyed by, in words
 * @param value what its records hold, in words
 * @param partitions their number; immutable, because keys hash to them
 * @param configs the topic-level settings that Penstock relies on
 */
public record TopicSpec(
    String name, String key, String value, int partitions, Map<String, String> configs) {
  public TopicSpec {
    configs = Map.copyOf(configs);
  }
}
