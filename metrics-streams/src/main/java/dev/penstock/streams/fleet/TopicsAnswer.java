package dev.penstock.streams.fleet;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /v1/topics}. Lag counts records beyond a committed offset, transaction markers
 * included. Of the topics that workers claim from, the committed offset is the watermark: below it
 * every job is done with, beyond it some may be, too.
 *
 * @param at when Kafka was asked
 */
record TopicsAnswer(Instant at, List<Topic> topics) {
  /**
   * A topic.
   *
   * @param group who reads it in the first place; null where readers commit nothing
   * @param lag of that group, all partitions together
   * @param minInSyncReplicas below how many replicas that are in sync nothing is acknowledged
   * @param others those who read it too
   */
  record Topic(
      String name,
      List<Partition> partitions,
      @Nullable String group,
      @Nullable Long lag,
      int minInSyncReplicas,
      List<Reader> others) {}

  /**
   * A partition.
   *
   * @param start the first offset that is kept
   * @param end the offset after the last record
   * @param committed of the topic's group
   * @param leader the broker that leads it; null when nobody does
   * @param isr the brokers that are in sync
   * @param replicas how many there are to be
   */
  record Partition(
      int partition,
      @Nullable Long start,
      @Nullable Long end,
      @Nullable Long committed,
      @Nullable Long lag,
      @Nullable Integer leader,
      List<Integer> isr,
      int replicas) {}

  /** Another group that reads a topic. */
  record Reader(String group, long lag) {}
}
