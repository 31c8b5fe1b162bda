package dev.penstock.chaos.law;

import java.time.Instant;

/**
 * A record as it stands on a topic.
 *
 * @param appendedAt when the broker took it, by the broker's clock
 * @param visibleAt since when readers of committed records can see it, as far as is known
 */
public record Recorded<T>(
    String topic, int partition, long offset, Instant appendedAt, Instant visibleAt, T value) {

  /** A record of which is only known when it was appended. */
  public Recorded(String topic, int partition, long offset, Instant appendedAt, T value) {
    this(topic, partition, offset, appendedAt, appendedAt, value);
  }

  /** {@code topic:partition:offset}, as the dead letters write it. */
  public String place() {
    return topic + ":" + partition + ":" + offset;
  }
}
