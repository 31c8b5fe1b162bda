package dev.penstock.chaos.law;

import java.time.Instant;

/**
 * A record as it stands on a topic.
 *
 * @param appendedAt when the broker took it, by the broker's clock
 */
public record Recorded<T>(String topic, int partition, long offset, Instant appendedAt, T value) {

  /** {@code topic:partition:offset}, as the dead letters write it. */
  public String place() {
    return topic + ":" + partition + ":" + offset;
  }
}
