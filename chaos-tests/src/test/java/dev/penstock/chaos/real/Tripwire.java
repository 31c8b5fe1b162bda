package dev.penstock.chaos.real;

import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Sees what replayers write before it is committed: the moment at which a kill meets an open
 * transaction. It remembers where all of it stands, so that one can tell at the end what was never
 * committed. Used by one thread.
 */
final class Tripwire implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(20);

  private final List<TopicPartition> partitions;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Map<Place, Instant> seen = new HashMap<>();

  /** Where a record stands. */
  record Place(String topic, int partition, long offset) {}

  Tripwire(Cluster cluster) {
    Topics topics = cluster.topics();
    var settings = new Properties();
    settings.put("bootstrap.servers", cluster.bootstrap());
    settings.put("isolation.level", "read_uncommitted");
    settings.put("enable.auto.commit", "false");
    settings.put("fetch.max.wait.ms", "50");
    this.consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    // The jobs of a transaction come before its ledger; those of ordered jobs are few.
    this.partitions =
        IntStream.range(0, topics.partitions())
            .boxed()
            .flatMap(partition ->
                List.of(
                    new TopicPartition(topics.jobs(), partition),
                    new TopicPartition(topics.dlqLedger(), partition))
                    .stream())
            .toList();
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    partitions.forEach(consumer::position);
  }

  /** Takes in what has come, without waiting for more than a moment. */
  List<ConsumerRecord<byte[], byte[]>> look() {
    var records = new ArrayList<ConsumerRecord<byte[], byte[]>>();
    consumer.poll(POLL).forEach(records::add);
    records.forEach(each ->
        seen.put(
            new Place(each.topic(), each.partition(), each.offset()),
            Instant.ofEpochMilli(each.timestamp())));
    return records;
  }

  /**
   * The partition into which someone writes the next record, as soon as it is there; what stands
   * there already does not count.
   *
   * @param among the partitions that are looked at
   */
  Optional<Integer> next(Set<Integer> among, Duration patience) {
    // What has come before.
    var _ = look();
    long deadline = System.nanoTime() + patience.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<Integer> written =
          look().stream().map(ConsumerRecord::partition).filter(among::contains).findFirst();
      if (written.isPresent()) {
        return written;
      }
    }
    return Optional.empty();
  }

  /** When all that was written since it looks came, up to now, committed or not. */
  Map<Place, Instant> all() {
    var ends = consumer.endOffsets(partitions);
    while (ends.entrySet().stream()
        .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      var _ = look();
    }
    return Map.copyOf(seen);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
