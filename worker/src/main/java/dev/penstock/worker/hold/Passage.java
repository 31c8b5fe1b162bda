package dev.penstock.worker.hold;

import dev.penstock.job.JobId;
import dev.penstock.job.Priority;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * Where a record goes that was held long enough, or that someone asks for. Its value is passed on
 * byte for byte and never read: all that matters stands in its key and headers. What has no due
 * time that can be read goes to the retry topic of its lane at once, where poison is contained.
 */
final class Passage {
  /** What key, headers and the batch's own head may add to a value. */
  private static final int HEAD_ROOM_BYTES = 64 * 1024;

  private static final int MAX_VALUE_BYTES = Topics.MAX_RECORD_BYTES - HEAD_ROOM_BYTES;
  private static final int MAX_HEAD_BYTES = HEAD_ROOM_BYTES / 2;

  private final Topics topics;
  private final Requests requests;

  Passage(Topics topics, Requests requests) {
    this.topics = topics;
    this.requests = requests;
  }

  /** The record that takes the place of {@code held}. */
  ProducerRecord<byte[], byte[]> next(ConsumerRecord<byte[], byte[]> held, Instant now) {
    String topic = topic(held, now);
    if (fits(held)) {
      return new ProducerRecord<>(topic, null, held.key(), held.value(), held.headers());
    }
    return cut(topic, held);
  }

  private String topic(ConsumerRecord<byte[], byte[]> held, Instant now) {
    Optional<Instant> due = number(held.headers(), RecordHeaders.DUE).map(Instant::ofEpochMilli);
    if (due.isEmpty() || isWanted(held)) {
      return topics.retry(priority(held.headers()));
    }
    return topics.waiting(Duration.between(now, due.get()), priority(held.headers()));
  }

  private static Priority priority(Headers headers) {
    Header header = headers.lastHeader(RecordHeaders.PRIORITY);
    return header == null || header.value() == null
        ? Priority.NORMAL
        : Priority.ofWireName(new String(header.value(), StandardCharsets.UTF_8))
            .orElse(Priority.NORMAL);
  }

  /**
   * Whether someone asked that the job of {@code held} ends or is run now: then the record goes to
   * where that is decided, whenever it is due.
   */
  boolean isWanted(ConsumerRecord<byte[], byte[]> held) {
    if (held.key() == null || !requests.isAnyOpenSince(0)) {
      return false;
    }
    Optional<JobId> id = JobId.parse(new String(held.key(), StandardCharsets.UTF_8));
    int generation = smallNumber(held.headers(), RecordHeaders.GENERATION);
    if (id.isEmpty() || generation < 0) {
      return false;
    }
    int attempt = smallNumber(held.headers(), RecordHeaders.ATTEMPT);
    return requests.isCancelled(id.get(), generation)
        || (attempt > 0 && requests.isHurried(id.get(), generation, attempt - 1));
  }

  /** The number in a header; -1 where there is none that can be. */
  private static int smallNumber(Headers headers, String name) {
    return number(headers, name)
        .map(number -> Math.clamp(number, -1, Integer.MAX_VALUE))
        .orElse(-1);
  }

  private static boolean fits(ConsumerRecord<byte[], byte[]> held) {
    return size(held.value()) <= MAX_VALUE_BYTES
        && size(held.key()) + headerBytes(held.headers()) <= MAX_HEAD_BYTES;
  }

  /**
   * A record that came in compressed may be larger than topics take. None of Penstock's own is;
   * what is left of it is still too large for a job, or has none of its headers, and goes the way
   * of poison or of a job that is due.
   */
  private ProducerRecord<byte[], byte[]> cut(String topic, ConsumerRecord<byte[], byte[]> held) {
    byte[] key = held.key();
    byte[] value = held.value();
    var rest =
        new ProducerRecord<>(
            topic,
            key == null ? null : Arrays.copyOf(key, Math.min(key.length, MAX_HEAD_BYTES / 2)),
            value == null ? null : Arrays.copyOf(value, Math.min(value.length, MAX_VALUE_BYTES)));
    for (String name :
        new String[] {RecordHeaders.GENERATION, RecordHeaders.ATTEMPT, RecordHeaders.DUE}) {
      number(held.headers(), name)
          .ifPresent(number ->
              rest.headers()
                  .add(
                      new RecordHeader(
                          name, String.valueOf(number).getBytes(StandardCharsets.UTF_8))));
    }
    Priority priority = priority(held.headers());
    if (priority != Priority.NORMAL) {
      rest.headers()
          .add(
              new RecordHeader(
                  RecordHeaders.PRIORITY, priority.wireName().getBytes(StandardCharsets.UTF_8)));
    }
    return rest;
  }

  private static int headerBytes(Headers headers) {
    int bytes = 0;
    for (Header header : headers) {
      bytes += header.key().length() * 3 + size(header.value()) + 10;
    }
    return bytes;
  }

  private static int size(byte @Nullable [] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static Optional<Long> number(Headers headers, String name) {
    Header header = headers.lastHeader(name);
    if (header == null || header.value() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Long.parseLong(new String(header.value(), StandardCharsets.UTF_8)));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }
}
