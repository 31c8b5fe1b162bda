package dev.penstock.worker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads the committed records of a topic from its beginning, each once. */
final class CommittedReader implements AutoCloseable {
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final List<TopicPartition> partitions;

  /**
   * @param count of the topic's partitions
   */
  CommittedReader(String bootstrap, String topic, int count) {
    consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                bootstrap,
                "isolation.level",
                "read_committed",
                "enable.auto.commit",
                false,
                // Closing waits for the last fetch.
                "fetch.max.wait.ms",
                20),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    partitions = IntStream.range(0, count).mapToObj(p -> new TopicPartition(topic, p)).toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** What was not read yet, up to where the topic ends now. */
  List<ConsumerRecord<byte[], byte[]>> toEnd() {
    var ends = consumer.endOffsets(partitions);
    var records = new ArrayList<ConsumerRecord<byte[], byte[]>>();
    while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
      consumer.poll(Duration.ofMillis(50)).forEach(records::add);
    }
    return records;
  }

  @Override
  public void close() {
    consumer.close();
  }
}
