package dev.penstock.bench;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * What stands on an output topic, as a {@code read_committed} reader sees it. It is read after the
 * clock has stopped: the times are those at which the broker appended the records.
 *
 * @param records how many were counted
 * @param keys how many different keys they have
 * @param valueBytes the size of all their values
 * @param firstMillis when the first one was appended, in milliseconds since the epoch
 * @param lastMillis when the last one was appended
 */
record Outputs(long records, long keys, long valueBytes, long firstMillis, long lastMillis) {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration TIMEOUT = Duration.ofMinutes(3);

  /** Reads everything up to {@code ends} and counts the records whose value is {@code counted}. */
  static Outputs read(String bootstrap, Map<TopicPartition, Long> ends, Predicate<byte[]> counted) {
    var tally = new Tally();
    scan(
        bootstrap,
        ends,
        record -> {
          if (counted.test(record.value())) {
            tally.add(record);
          }
        });
    return tally.outputs();
  }

  /** Hands over every committed record up to {@code ends}, in the order of each partition. */
  static void scan(
      String bootstrap,
      Map<TopicPartition, Long> ends,
      Consumer<ConsumerRecord<String, byte[]>> taker) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            bootstrap,
            "client.id",
            "bench-reader",
            "isolation.level",
            "read_committed",
            "enable.auto.commit",
            false,
            "max.poll.records",
            5_000);
    try (var consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(ends.keySet());
      consumer.seekToBeginning(ends.keySet());
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException(
              "the outputs can't be read to their end within "
                  + TIMEOUT
                  + ": is a transaction left open?");
        }
        consumer.poll(POLL).forEach(taker);
      }
    }
  }

  /**
   * Records a second between the first and the last.
   *
   * @param expected how many there must be, each with a key of its own
   * @throws IllegalStateException when there are more or fewer
   */
  double rate(long expected) {
    if (records != expected || keys != expected) {
      throw new IllegalStateException(
          "expected " + expected + " outputs, but there are " + records + " of " + keys + " jobs");
    }
    return rate();
  }

  /** Records a second between the first and the last, however many there are. */
  double rate() {
    return (records - 1) * 1_000.0 / Math.max(1, lastMillis - firstMillis);
  }

  private static final class Tally {
    private final Fingerprints keys = new Fingerprints();
    private long records;
    private long valueBytes;
    private long firstMillis = Long.MAX_VALUE;
    private long lastMillis = Long.MIN_VALUE;

    void add(ConsumerRecord<String, byte[]> record) {
      records++;
      keys.add(record.key());
      valueBytes += record.value().length;
      firstMillis = Math.min(firstMillis, record.timestamp());
      lastMillis = Math.max(lastMillis, record.timestamp());
    }

    Outputs outputs() {
      return new Outputs(records, keys.size(), valueBytes, firstMillis, lastMillis);
    }
  }
}
