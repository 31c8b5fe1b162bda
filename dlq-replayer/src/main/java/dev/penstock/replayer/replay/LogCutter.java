package dev.penstock.replayer.replay;

import org.apache.kafka.common.TopicPartition;

/** Cuts logs at their start. Thread-safe; to do it twice is harmless. */
public interface LogCutter {
  /**
   * Deletes what stands below {@code before}; it has gone when this returns.
   *
   * @throws org.apache.kafka.common.KafkaException when it may not have gone
   */
  void cut(TopicPartition partition, long before);
}
