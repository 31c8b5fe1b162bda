package dev.penstock.worker.settle;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * Holds this machine's clock against Kafka's: the broker stamps each record with its own time, and
 * that lies between the moment when the record was sent and the one when the answer came. Only what
 * is off beyond doubt counts, however long the way takes. Thread-safe.
 *
 * @param bound how far the clock may be off
 */
public record ClockCheck(Duration bound) {

  /**
   * What is wrong with the clock, if anything.
   *
   * @param sent when a record was sent, at the latest
   * @param appended the time that the broker stamped it with
   * @param answered when it was known that the broker has it
   */
  public Optional<String> problem(Instant sent, Instant appended, Instant answered) {
    // The stamp is cut to milliseconds.
    Duration ahead = Duration.between(appended.plusMillis(1), sent);
    Duration behind = Duration.between(answered, appended);
    Duration off = ahead.compareTo(behind) > 0 ? ahead : behind;
    return off.compareTo(bound) > 0
        ? Optional.of(
            "the clock of this machine is at least "
                + off.toMillis()
                + " ms "
                + (ahead.compareTo(behind) > 0 ? "ahead of" : "behind")
                + " Kafka's, but may be off by "
                + bound.toMillis()
                + " ms (worker.clock-bound); look at its time synchronisation")
        : Optional.empty();
  }

  /**
   * The same of a record that was sent and committed; nothing when its topic does not have the
   * broker's time. Never blocks.
   */
  Optional<String> problem(Instant sent, Future<RecordMetadata> record, Instant answered) {
    if (record.state() != Future.State.SUCCESS) {
      return Optional.empty();
    }
    long timestamp = record.resultNow().timestamp();
    return timestamp == ConsumerRecord.NO_TIMESTAMP
        ? Optional.empty()
        : problem(sent, Instant.ofEpochMilli(timestamp), answered);
  }

  /**
   * A record by which the clock is looked at: it says nothing, its key is no job, and compaction
   * removes it.
   */
  static ProducerRecord<byte[], byte[]> heartbeat(String topic, String worker) {
    return new ProducerRecord<>(topic, ("worker/" + worker).getBytes(StandardCharsets.UTF_8), null);
  }

  /**
   * Looks at the clock by a transaction of its own.
   *
   * @param producer with {@code initTransactions} done
   * @param topic has the broker's time, and readers that pass over what they do not know
   * @throws org.apache.kafka.common.KafkaException when Kafka can't be reached
   */
  public Optional<String> look(
      Producer<byte[], byte[]> producer, String topic, String worker, InstantSource clock) {
    producer.beginTransaction();
    Instant sent = clock.instant();
    Future<RecordMetadata> record = producer.send(heartbeat(topic, worker));
    producer.commitTransaction();
    return problem(sent, record, clock.instant());
  }
}
