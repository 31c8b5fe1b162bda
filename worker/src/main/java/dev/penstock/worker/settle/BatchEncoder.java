package dev.penstock.worker.settle;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import dev.penstock.worker.core.Batch;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.core.SourceRecord;
import dev.penstock.worker.judge.Settlement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a batch into the records of its transaction. All sizes are settled here, before the
 * transaction begins: no record that leaves this class is larger than its topic takes. Pure; used
 * by one thread.
 */
final class BatchEncoder {
  /** What headers, key and the batch's own head may add to a value. */
  private static final int HEAD_ROOM_BYTES = 64 * 1024;

  private static final Logger log = LoggerFactory.getLogger(BatchEncoder.class);

  private static final int MAX_VALUE_BYTES = Topics.MAX_RECORD_BYTES - HEAD_ROOM_BYTES;

  private static final int MAX_KEY_BYTES = HEAD_ROOM_BYTES / 2;

  private static final byte[] JOB = bytes("job");
  private static final byte[] POISON = bytes("poison");

  /** What nearly all records have. */
  private static final Header GENERATION_0 = new RecordHeader(RecordHeaders.GENERATION, bytes("0"));

  private final Topics topics;

  BatchEncoder(Topics topics) {
    this.topics = topics;
  }

  /** The records, in the order in which they are to be sent. */
  List<ProducerRecord<byte[], byte[]>> encode(Batch batch, Instant now) {
    var records = new ArrayList<ProducerRecord<byte[], byte[]>>(batch.size() + 16);
    for (Batch.Started started : batch.started()) {
      records.add(event(started.event(), started.claim()));
    }
    for (Batch.Settled settled : batch.settled()) {
      switch (settled.settlement()) {
        case Settlement.Finish finish -> finish(settled.claim(), finish, records);
        case Settlement.Retry retry -> retry(settled.claim(), retry, now, records);
        case Settlement.Hold hold -> records.add(waiting(settled.claim(), hold.next(), now));
      }
    }
    for (SourceRecord source : batch.poison()) {
      poison(source, now, records);
    }
    for (JobId id : batch.settledCancels()) {
      records.add(new ProducerRecord<>(topics.control(), bytes(id.toString()), null));
    }
    for (JobId id : batch.settledHurries()) {
      records.add(RetryNowRecords.forget(topics, id));
    }
    return records;
  }

  private void finish(
      Claim claim, Settlement.Finish finish, List<ProducerRecord<byte[], byte[]>> records) {
    JobRecord record = claim.record();
    var event =
        new JobEvent.Finished(
            record.job().id(),
            record.generation(),
            finish.attempts(),
            finish.outcome(),
            finish.at());
    ProducerRecord<byte[], byte[]> encoded;
    try {
      encoded = event(event, claim);
    } catch (RuntimeException e) {
      if (!(finish.outcome() instanceof Outcome.Succeeded)) {
        throw e;
      }
      // One answer that can't be written must not keep all others from being written.
      log.warn("the answer to job {} can't be written", record.job().id(), e);
      finish(claim, unwritable(finish, e), records);
      return;
    }
    if (encoded.value().length > MAX_VALUE_BYTES) {
      finish(claim, tooLarge(finish, encoded.value().length), records);
      return;
    }
    records.add(encoded);
    if (finish.outcome() instanceof Outcome.DeadLettered(Failure reason)) {
      records.add(deadLetter(claim, finish, reason));
    }
    Ordering ordering = record.job().ordering();
    if (ordering != null && ordering.isReleasedBy(finish.outcome())) {
      records.add(release(claim, ordering.key()));
    }
  }

  /**
   * The next job of the same key may run. Written with the outcome and never before, so a job keeps
   * its key through all its retries, and through the loss of its worker.
   */
  private ProducerRecord<byte[], byte[]> release(Claim claim, String key) {
    JobId id = claim.record().job().id();
    int generation = claim.record().generation();
    var encoded =
        new ProducerRecord<>(
            topics.ordered(),
            bytes(key),
            JsonCodec.ORDERED.encode(new OrderedRecord.Release(id, generation)));
    encoded.headers().add(new RecordHeader(RecordHeaders.JOB_ID, bytes(id.toString())));
    addCommon(encoded, generation, claim.traceparent());
    return encoded;
  }

  private static Settlement.Finish unwritable(Settlement.Finish finish, RuntimeException e) {
    var failure =
        new Failure.Unknown("the provider's answer can't be written as JSON: " + e.getMessage());
    return new Settlement.Finish(finish.attempts(), new Outcome.DeadLettered(failure), finish.at());
  }

  private static Settlement.Finish tooLarge(Settlement.Finish finish, int bytes) {
    var failure =
        new Failure.OutputTooLarge(
            "the answer makes a record of "
                + bytes
                + " bytes; at most "
                + MAX_VALUE_BYTES
                + " are kept");
    return new Settlement.Finish(finish.attempts(), new Outcome.DeadLettered(failure), finish.at());
  }

  private ProducerRecord<byte[], byte[]> deadLetter(
      Claim claim, Settlement.Finish finish, Failure reason) {
    JobRecord record = claim.record();
    TopicPartition from = claim.partition();
    var letter =
        new DeadLetter(
            record.job(),
            record.generation(),
            finish.attempts(),
            reason,
            new DeadLetter.Origin(from.topic(), from.partition(), claim.offset()),
            finish.at());
    var encoded =
        new ProducerRecord<>(
            topics.deadLetters(), key(claim), JsonCodec.DEAD_LETTERS.encode(letter));
    encoded.headers().add(new RecordHeader(RecordHeaders.DEAD_LETTER, JOB));
    addCommon(encoded, record.generation(), claim.traceparent());
    return encoded;
  }

  private void retry(
      Claim claim,
      Settlement.Retry retry,
      Instant now,
      List<ProducerRecord<byte[], byte[]>> records) {
    JobRecord next = retry.next();
    records.add(waiting(claim, next, now));
    records.add(
        event(
            new JobEvent.RetryScheduled(
                next.job().id(), next.generation(), retry.failed(), retry.dueAt(), retry.at()),
            claim));
  }

  /** The job's next record, which waits where its due time has it wait. */
  private ProducerRecord<byte[], byte[]> waiting(Claim claim, JobRecord next, Instant now) {
    Instant dueAt = Objects.requireNonNull(next.dueAt());
    Priority priority = next.job().priority();
    var encoded =
        new ProducerRecord<>(
            topics.waiting(Duration.between(now, dueAt), priority),
            key(claim),
            JsonCodec.JOB_RECORDS.encode(next));
    encoded
        .headers()
        .add(new RecordHeader(RecordHeaders.ATTEMPT, bytes(String.valueOf(next.nextAttempt()))))
        .add(new RecordHeader(RecordHeaders.DUE, bytes(String.valueOf(dueAt.toEpochMilli()))));
    if (priority != Priority.NORMAL) {
      encoded.headers().add(new RecordHeader(RecordHeaders.PRIORITY, bytes(priority.wireName())));
    }
    addCommon(encoded, next.generation(), claim.traceparent());
    return encoded;
  }

  /**
   * A record that can't be read is kept byte for byte. Where its headers say that Penstock wrote
   * it, its key is a job's id, and that job ends here: someone waits for its outcome.
   */
  private void poison(
      SourceRecord source, Instant now, List<ProducerRecord<byte[], byte[]>> records) {
    var raw = Objects.requireNonNull(source.raw());
    String reason = ((Decoded.Refused<?>) source.content()).reason();
    byte[] key = raw.key();
    byte[] value = raw.value();
    int keyBytes = key == null ? 0 : key.length;
    int bytes = value == null ? 0 : value.length;
    boolean cut = bytes > MAX_VALUE_BYTES || keyBytes > MAX_KEY_BYTES;
    var letter =
        new ProducerRecord<>(
            topics.deadLetters(),
            key == null ? null : Arrays.copyOf(key, Math.min(keyBytes, MAX_KEY_BYTES)),
            value == null ? null : Arrays.copyOf(value, Math.min(bytes, MAX_VALUE_BYTES)));
    TopicPartition from = source.partition();
    letter
        .headers()
        .add(new RecordHeader(RecordHeaders.DEAD_LETTER, POISON))
        .add(new RecordHeader(RecordHeaders.REASON, bytes(cutReason(reason))))
        .add(
            new RecordHeader(
                RecordHeaders.ORIGIN,
                bytes(from.topic() + ":" + from.partition() + ":" + source.offset())));
    if (cut) {
      letter
          .headers()
          .add(
              new RecordHeader(
                  RecordHeaders.ORIGINAL_BYTES, bytes(String.valueOf(keyBytes + bytes))));
    }
    records.add(letter);
    if (raw.generation() >= 0 && raw.key() != null) {
      JobId.parse(new String(raw.key(), StandardCharsets.UTF_8))
          .ifPresent(id -> records.add(unreadable(id, raw.generation(), reason, now)));
    }
  }

  private ProducerRecord<byte[], byte[]> unreadable(
      JobId id, int generation, String reason, Instant now) {
    var event =
        new JobEvent.Finished(
            id,
            generation,
            List.of(),
            new Outcome.DeadLettered(new Failure.Undecodable(reason)),
            now);
    var encoded =
        new ProducerRecord<>(topics.events(), bytes(id.toString()), JsonCodec.EVENTS.encode(event));
    addCommon(encoded, generation, null);
    return encoded;
  }

  private ProducerRecord<byte[], byte[]> event(JobEvent event, Claim claim) {
    var encoded = new ProducerRecord<>(topics.events(), key(claim), JsonCodec.EVENTS.encode(event));
    addCommon(encoded, event.generation(), claim.traceparent());
    return encoded;
  }

  private static void addCommon(
      ProducerRecord<byte[], byte[]> record, int generation, byte @Nullable [] traceparent) {
    record
        .headers()
        .add(
            generation == 0
                ? GENERATION_0
                : new RecordHeader(RecordHeaders.GENERATION, bytes(String.valueOf(generation))));
    if (traceparent != null) {
      record.headers().add(new RecordHeader(RecordHeaders.TRACEPARENT, traceparent));
    }
  }

  private static String cutReason(String reason) {
    return reason.length() <= Failure.MAX_MESSAGE_CHARS
        ? reason
        : reason.substring(0, Failure.MAX_MESSAGE_CHARS);
  }

  private static byte[] key(Claim claim) {
    return bytes(claim.record().job().id().toString());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
