package dev.penstock.streams.order;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Failure;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads an ordered record, has the {@link Sequencer} decide, and writes what follows; Kafka Streams
 * commits that with the record's offset. What can't be read goes to the dead letters, byte for
 * byte, and stops nothing.
 */
final class OrderProcessor implements Processor<byte[], byte[], byte[], byte[]> {
  private static final String JOBS = "jobs";
  static final String DEAD_LETTERS = "dead-letters";
  static final String EVENTS = "events";

  private static final Logger log = LoggerFactory.getLogger(OrderProcessor.class);

  /** What headers and key may add to a value. */
  private static final int HEAD_ROOM_BYTES = 64 * 1024;

  private static final int MAX_VALUE_BYTES = Topics.MAX_RECORD_BYTES - HEAD_ROOM_BYTES;
  private static final int MAX_KEY_BYTES = HEAD_ROOM_BYTES / 2;

  private final OrderMeters meters;
  private @Nullable ProcessorContext<byte[], byte[]> context;
  private @Nullable Sequencer sequencer;

  OrderProcessor(OrderMeters meters) {
    this.meters = meters;
  }

  @Override
  public void init(ProcessorContext<byte[], byte[]> context) {
    KeyValueStore<Bytes, byte[]> store = context.getStateStore(OrderTopology.LINE);
    this.context = context;
    this.sequencer = new Sequencer(new StoredLine(store));
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    RecordMetadata source =
        attached()
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("a record of no topic"));
    switch (read(record)) {
      case Decoded.Refused<Taken>(String reason) -> poison(record, source, reason);
      case Decoded.Value<Taken>(Taken(String key, OrderedRecord ordered)) -> {
        Sequencer.Step step = Objects.requireNonNull(sequencer).take(key, source.offset(), ordered);
        meters.count(step);
        if (step instanceof Sequencer.Step.Through(OrderedRecord.Enter job)) {
          attached().forward(job(job, record.timestamp()), jobs(job.record().job().priority()));
        }
      }
    }
  }

  /** The name of the sink of jobs of a priority. */
  static String jobs(Priority priority) {
    return JOBS + "-" + priority.wireName();
  }

  private ProcessorContext<byte[], byte[]> attached() {
    return Objects.requireNonNull(context, "a record before init");
  }

  private record Taken(String key, OrderedRecord record) {}

  private static Decoded<Taken> read(Record<byte[], byte[]> record) {
    byte @Nullable [] bytes = record.key();
    String key = bytes == null ? "" : new String(bytes, StandardCharsets.ISO_8859_1);
    if (!Ordering.isKey(key)) {
      return new Decoded.Refused<>("the record's key is no ordering key");
    }
    return switch (JsonCodec.ORDERED.decode(record.value())) {
      case Decoded.Refused<OrderedRecord>(String reason) -> new Decoded.Refused<>(reason);
      case Decoded.Value<OrderedRecord>(OrderedRecord ordered) ->
          ordered instanceof OrderedRecord.Enter enter && !isOf(enter, key)
              ? new Decoded.Refused<>("the record's key is not the ordering key of its job")
              : new Decoded.Value<>(new Taken(key, ordered));
    };
  }

  private static boolean isOf(OrderedRecord.Enter enter, String key) {
    Ordering ordering = enter.record().job().ordering();
    return ordering != null && ordering.key().equals(key);
  }

  private static Record<byte[], byte[]> job(OrderedRecord.Enter job, long timestamp) {
    JobRecord value = job.record();
    var record =
        new Record<>(bytes(job.jobId().toString()), JsonCodec.JOB_RECORDS.encode(value), timestamp);
    record
        .headers()
        .add(header(RecordHeaders.GENERATION, String.valueOf(value.generation())))
        .add(header(RecordHeaders.ATTEMPT, String.valueOf(value.nextAttempt())));
    if (job.traceparent() != null) {
      record.headers().add(header(RecordHeaders.TRACEPARENT, job.traceparent()));
    }
    return record;
  }

  /** As the workers do with what they can't read. */
  private void poison(Record<byte[], byte[]> record, RecordMetadata source, String reason) {
    meters.countUnreadable();
    String origin = source.topic() + ":" + source.partition() + ":" + source.offset();
    log.warn("an ordered record goes to the dead letters, {}: {}", origin, reason);
    byte @Nullable [] key = record.key();
    byte @Nullable [] value = record.value();
    int keyBytes = key == null ? 0 : key.length;
    int valueBytes = value == null ? 0 : value.length;
    var letter =
        new Record<>(cut(key, MAX_KEY_BYTES), cut(value, MAX_VALUE_BYTES), record.timestamp());
    letter
        .headers()
        .add(header(RecordHeaders.DEAD_LETTER, "poison"))
        .add(
            header(
                RecordHeaders.REASON,
                reason.substring(0, Math.min(reason.length(), Failure.MAX_MESSAGE_CHARS))))
        .add(header(RecordHeaders.ORIGIN, origin));
    if (keyBytes > MAX_KEY_BYTES || valueBytes > MAX_VALUE_BYTES) {
      letter
          .headers()
          .add(header(RecordHeaders.ORIGINAL_BYTES, String.valueOf(keyBytes + valueBytes)));
    }
    attached().forward(letter, DEAD_LETTERS);
    endOf(record, reason).ifPresent(end -> attached().forward(end, EVENTS));
  }

  @SuppressWarnings("NullAway") // Kafka's records may have no key and no value
  private static byte @Nullable [] cut(byte @Nullable [] bytes, int most) {
    return bytes == null || bytes.length <= most ? bytes : Arrays.copyOf(bytes, most);
  }

  /** Where the headers say that Penstock wrote it, its job ends here: someone waits for it. */
  private static Optional<Record<byte[], byte[]>> endOf(
      Record<byte[], byte[]> record, String reason) {
    Optional<JobId> id = text(record, RecordHeaders.JOB_ID).flatMap(JobId::parse);
    Optional<Integer> generation =
        text(record, RecordHeaders.GENERATION).flatMap(OrderProcessor::number);
    if (id.isEmpty() || generation.isEmpty() || text(record, RecordHeaders.ATTEMPT).isEmpty()) {
      return Optional.empty();
    }
    var finished =
        new JobEvent.Finished(
            id.get(),
            generation.get(),
            List.of(),
            new Outcome.DeadLettered(new Failure.Undecodable(reason)),
            Instant.ofEpochMilli(record.timestamp()));
    var event =
        new Record<>(
            bytes(id.get().toString()), JsonCodec.EVENTS.encode(finished), record.timestamp());
    event.headers().add(header(RecordHeaders.GENERATION, String.valueOf(generation.get())));
    return Optional.of(event);
  }

  private static Optional<String> text(Record<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? Optional.empty()
        : Optional.of(new String(header.value(), StandardCharsets.UTF_8));
  }

  private static Optional<Integer> number(String text) {
    try {
      int number = Integer.parseInt(text);
      return number < 0 ? Optional.empty() : Optional.of(number);
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, bytes(value));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
