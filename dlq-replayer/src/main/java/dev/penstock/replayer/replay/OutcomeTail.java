package dev.penstock.replayer.replay;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** Tells the decider how what it replayed has ended. Used by one thread. */
final class OutcomeTail implements AutoCloseable {
  private final Consumer<byte[], byte[]> consumer;
  private final TopicPartition partition;
  private final Decider decider;
  private boolean begun;

  /**
   * @param consumer of committed records, with {@code auto.offset.reset=none}; closed with this
   */
  OutcomeTail(Consumer<byte[], byte[]> consumer, TopicPartition partition, Decider decider) {
    this.consumer = consumer;
    this.partition = partition;
    this.decider = decider;
    consumer.assign(List.of(partition));
  }

  /** Begins at {@code from}, or at the end where that is null. */
  void begin(@Nullable Long from) {
    List<TopicPartition> one = List.of(partition);
    long end = Objects.requireNonNull(consumer.endOffsets(one).get(partition));
    if (from == null) {
      consumer.seek(partition, end);
    } else {
      long start = Objects.requireNonNull(consumer.beginningOffsets(one).get(partition));
      if (from < start) {
        decider.outcomesLost(start);
      }
      consumer.seek(partition, Math.min(Math.max(from, start), end));
    }
    begun = true;
    decider.watching(consumer.position(partition), end);
  }

  /** Tells what there is, and waits for the first of it at most so long. */
  void follow(Duration patience) {
    if (!begun) {
      return;
    }
    try {
      consumer.poll(patience).records(partition).forEach(this::tell);
      decider.watchedTo(consumer.position(partition));
    } catch (OffsetOutOfRangeException _) {
      begin(consumer.position(partition));
    }
  }

  private void tell(ConsumerRecord<byte[], byte[]> record) {
    Optional<JobId> job =
        record.key() == null
            ? Optional.empty()
            : JobId.parse(new String(record.key(), StandardCharsets.UTF_8));
    // Most events are not of a replay: they are not even decoded.
    if (job.isPresent()
        && decider.awaits(job.get(), generation(record))
        && JsonCodec.EVENTS.decode(record.value())
            instanceof Decoded.Value<JobEvent>(JobEvent event)
        && event instanceof JobEvent.Finished finished) {
      decider.ended(finished.jobId(), finished.generation(), finished.outcome().state());
    }
  }

  private static int generation(ConsumerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader(RecordHeaders.GENERATION);
    try {
      return header == null
          ? -1
          : Integer.parseInt(new String(header.value(), StandardCharsets.UTF_8));
    } catch (NumberFormatException _) {
      return -1;
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
