package dev.penstock.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * The ceiling that the worker is measured against: reads records and writes one record for each,
 * with nothing in between. Idempotent producer, offsets committed now and then without waiting; so
 * a crash would lose records, which the worker does not.
 */
final class PlainPipe {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final long COMMIT_MILLIS = 100;
  private static final int MAX_POLL_RECORDS = 5_000;

  private PlainPipe() {}

  /**
   * Pipes everything up to {@code ends}.
   *
   * @param ends the end offset of each partition of the source
   * @param target where to write
   * @param valueBytes the size of what is written: the read value, cut or filled up; 0 for the
   *     value as it was read
   */
  static void run(String bootstrap, Map<TopicPartition, Long> ends, String target, int valueBytes) {
    long total = ends.values().stream().mapToLong(Long::longValue).sum();
    try (var consumer = consumer(bootstrap, target);
        var producer = BenchJobs.producer(bootstrap, "bench-pipe")) {
      consumer.assign(ends.keySet());
      consumer.seekToBeginning(ends.keySet());
      var failures = new Failures();
      long piped = 0;
      long committedAt = System.currentTimeMillis();
      while (piped < total) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          pipe(record, producer, target, valueBytes, failures);
          piped++;
        }
        failures.check();
        if (System.currentTimeMillis() - committedAt >= COMMIT_MILLIS) {
          consumer.commitAsync();
          committedAt = System.currentTimeMillis();
        }
      }
      producer.flush();
      failures.check();
      consumer.commitSync();
    } catch (InterruptException e) {
      throw new IllegalStateException("interrupted while the plain pipe runs", e);
    }
  }

  private static void pipe(
      ConsumerRecord<byte[], byte[]> record,
      Producer<byte[], byte[]> producer,
      String target,
      int valueBytes,
      Failures failures) {
    byte[] value = valueBytes == 0 ? record.value() : Arrays.copyOf(record.value(), valueBytes);
    // The callback tells of errors; who waits for each record is no ceiling.
    var _ =
        producer.send(
            new ProducerRecord<>(target, record.key(), value), (_, error) -> failures.note(error));
  }

  private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap, String group) {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("group.id", group);
    settings.put("group.protocol", "consumer");
    settings.put("client.id", "bench-pipe");
    settings.put("enable.auto.commit", false);
    settings.put("auto.offset.reset", "none");
    settings.put("max.poll.records", MAX_POLL_RECORDS);
    settings.put("fetch.min.bytes", 64 * 1024);
    settings.put("fetch.max.wait.ms", 20);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** The first error of a callback, for the thread that can throw it. */
  private static final class Failures {
    private volatile Optional<Exception> first = Optional.empty();

    void note(@Nullable Exception error) {
      if (error != null && first.isEmpty()) {
        first = Optional.of(error);
      }
    }

    void check() {
      first.ifPresent(error -> {
        throw new IllegalStateException("Kafka refused a record of the plain pipe", error);
      });
    }
  }
}
