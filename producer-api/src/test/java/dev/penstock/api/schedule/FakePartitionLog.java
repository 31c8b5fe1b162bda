package dev.penstock.api.schedule;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import dev.penstock.runtime.ownership.PartitionLog;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A partition and the topics beside it, in memory. Each owner has a {@link #session} of its own:
 * who opened last is the only one that can commit. Fails as its queue of outcomes says.
 */
final class FakePartitionLog {
  enum Outcome {
    COMMITTED,
    ABORTED,
    UNKNOWN_BUT_WRITTEN,
    UNKNOWN_AND_NOT_WRITTEN
  }

  final List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
  final Queue<Outcome> outcomes = new ArrayDeque<>();
  int opened;
  boolean away;

  /** The view that one owner has of the log. */
  PartitionLog session() {
    return new Session();
  }

  /** The jobs, in the order of their acceptance. */
  List<JobRecord> jobs(String topic) {
    return decoded(topic, JsonCodec.JOB_RECORDS);
  }

  List<CancelRequest> cancels(String topic) {
    return decoded(topic, JsonCodec.CANCEL_REQUESTS);
  }

  /** What stands in the line of {@code key}. */
  List<OrderedRecord> ordered(String topic, String key) {
    return records.stream()
        .filter(record -> record.topic().equals(topic))
        .filter(record -> new String(record.key(), StandardCharsets.UTF_8).equals(key))
        .map(record ->
            ((Decoded.Value<OrderedRecord>) JsonCodec.ORDERED.decode(record.value())).value())
        .toList();
  }

  private <T> List<T> decoded(String topic, JsonCodec<T> codec) {
    return records.stream()
        .filter(record -> record.topic().equals(topic))
        .map(record -> ((Decoded.Value<T>) codec.decode(record.value())).value())
        .toList();
  }

  void put(String topic, String key, String value) {
    records.add(
        new ProducerRecord<>(
            topic,
            0,
            key.getBytes(StandardCharsets.UTF_8),
            value.getBytes(StandardCharsets.UTF_8)));
  }

  private final class Session implements PartitionLog {
    private int epoch;

    @Override
    public void open(@Nullable Instant since, Consumer<ConsumerRecord<byte[], byte[]>> reader)
        throws LogUnavailableException {
      if (away) {
        throw new LogUnavailableException("told to fail", new IllegalStateException());
      }
      opened++;
      epoch = opened;
      long offset = 0;
      for (ProducerRecord<byte[], byte[]> record : List.copyOf(records)) {
        if (record.topic().endsWith("schedules")) {
          reader.accept(
              new ConsumerRecord<>(record.topic(), 0, offset, record.key(), record.value()));
        }
        offset++;
      }
    }

    @Override
    public Commit commit(List<ProducerRecord<byte[], byte[]>> batch) {
      if (epoch != opened) {
        return new Commit.Fenced();
      }
      Outcome outcome = outcomes.isEmpty() ? Outcome.COMMITTED : outcomes.remove();
      if (outcome == Outcome.COMMITTED || outcome == Outcome.UNKNOWN_BUT_WRITTEN) {
        records.addAll(batch);
      }
      return switch (outcome) {
        case COMMITTED -> new Commit.Committed();
        case ABORTED -> new Commit.Aborted("told to");
        case UNKNOWN_BUT_WRITTEN, UNKNOWN_AND_NOT_WRITTEN -> new Commit.Unknown("told to");
      };
    }

    @Override
    public void close() {}
  }
}
