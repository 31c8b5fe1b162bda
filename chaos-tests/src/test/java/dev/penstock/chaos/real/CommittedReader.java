package dev.penstock.chaos.real;

import dev.penstock.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads the committed records of a topic from its beginning, each once. */
final class CommittedReader implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration READ_TIMEOUT = Duration.ofMinutes(1);

  private final String topic;
  private final List<TopicPartition> partitions;
  private final KafkaConsumer<byte[], byte[]> consumer;

  CommittedReader(String bootstrap, String topic, List<TopicPartition> partitions) {
    this.topic = topic;
    this.partitions = partitions;
    var settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("isolation.level", "read_committed");
    settings.put("enable.auto.commit", "false");
    settings.put("fetch.max.bytes", String.valueOf(8 * Topics.MAX_RECORD_BYTES));
    // Closing waits for the last fetch.
    settings.put("fetch.max.wait.ms", "50");
    this.consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /**
   * What was not read yet, up to where the topic ends now.
   *
   * @throws AssertionError when that takes longer than a minute
   */
  List<ConsumerRecord<byte[], byte[]>> toEnd() {
    var records = new ArrayList<ConsumerRecord<byte[], byte[]>>();
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    long deadline = System.nanoTime() + READ_TIMEOUT.toNanos();
    while (ends.entrySet().stream()
        .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(topic + " can't be read to its end within " + READ_TIMEOUT);
      }
      consumer.poll(POLL).forEach(records::add);
    }
    return records;
  }

  @Override
  public void close() {
    consumer.close();
  }
}
