package dev.penstock.replayer.replay;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Reads dead letters of one partition by their offsets, forward. Used by one thread.
 *
 * <p>Offsets that it passes and that have no committed record are told as looked at: they do not
 * stand in the log.
 */
final class LetterReader implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);

  /** Polls without a record, after which what is there has to do. */
  private static final int MAX_EMPTY_POLLS = 20;

  private static final int MAX_BYTES = 8 * 1024 * 1024;

  /** To read over so many records is quicker than to ask anew. */
  private static final long WORTH_A_SEEK = 5_000;

  private final Consumer<byte[], byte[]> consumer;
  private final TopicPartition partition;

  /** Polled and not asked for yet; they reach up to the consumer's position. */
  private final Deque<ConsumerRecord<byte[], byte[]>> ahead = new ArrayDeque<>();

  /** Everything from the last reading up to here is in {@link #ahead}. */
  private long next = -1;

  /**
   * @param consumer of committed records, with {@code auto.offset.reset=none}; closed with this
   */
  LetterReader(Consumer<byte[], byte[]> consumer, TopicPartition partition) {
    this.consumer = consumer;
    this.partition = partition;
    consumer.assign(List.of(partition));
  }

  /**
   * The letters at the selected offsets from {@code from} on.
   *
   * @param max at most so many
   */
  Reading read(OffsetSet selected, long from, int max) {
    var letters = new ArrayList<Letter>();
    long bytes = 0;
    int empty = 0;
    goTo(from);
    while (true) {
      while (!ahead.isEmpty()) {
        ConsumerRecord<byte[], byte[]> record = ahead.removeFirst();
        next = record.offset() + 1;
        if (selected.contains(record.offset())) {
          letters.add(letter(record));
          bytes += Math.max(0, record.serializedValueSize());
          if (letters.size() >= max || bytes >= MAX_BYTES) {
            return new Reading(letters, next);
          }
        }
      }
      next = consumer.position(partition);
      OptionalLong wanted = selected.nextFrom(next);
      if (wanted.isEmpty() || empty == MAX_EMPTY_POLLS) {
        return new Reading(letters, next);
      }
      if (wanted.getAsLong() - next > WORTH_A_SEEK) {
        goTo(wanted.getAsLong());
      }
      empty = poll() ? 0 : empty + 1;
    }
  }

  /**
   * Up to which offset the log could be cut: below it there is no record but those in {@code
   * purged}.
   */
  long firstToKeep(OffsetSet purged) {
    long at = Objects.requireNonNull(consumer.beginningOffsets(all()).get(partition));
    long end = Objects.requireNonNull(consumer.endOffsets(all()).get(partition));
    int empty = 0;
    // What is asked for next is read anew.
    ahead.clear();
    next = -1;
    consumer.seek(partition, at);
    while (at < end && empty < MAX_EMPTY_POLLS) {
      long kept = purged.nextAbsentFrom(at);
      if (kept - at > WORTH_A_SEEK) {
        consumer.seek(partition, kept);
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL).records(partition)) {
        if (!purged.contains(record.offset())) {
          return record.offset();
        }
      }
      long before = at;
      at = consumer.position(partition);
      empty = at == before ? empty + 1 : 0;
    }
    return at;
  }

  private void goTo(long offset) {
    while (!ahead.isEmpty() && ahead.peekFirst().offset() < offset) {
      next = ahead.removeFirst().offset() + 1;
    }
    if (offset < next || (ahead.isEmpty() && next != offset)) {
      ahead.clear();
      consumer.seek(partition, offset);
    }
    next = offset;
  }

  /** Whether anything came. */
  private boolean poll() {
    long before = consumer.position(partition);
    try {
      consumer.poll(POLL).records(partition).forEach(ahead::add);
    } catch (OffsetOutOfRangeException e) {
      long start = Objects.requireNonNull(consumer.beginningOffsets(all()).get(partition));
      if (start <= before) {
        // It is past the end: the log was cut there, or is another one.
        throw e;
      }
      consumer.seek(partition, start);
    }
    return consumer.position(partition) != before;
  }

  private Collection<TopicPartition> all() {
    return List.of(partition);
  }

  private static Letter letter(ConsumerRecord<byte[], byte[]> record) {
    if ("poison".equals(text(record, RecordHeaders.DEAD_LETTER))) {
      String reason = text(record, RecordHeaders.REASON);
      return new Letter.Poison(record.offset(), reason == null ? "it can't be read" : reason);
    }
    return switch (JsonCodec.DEAD_LETTERS.decode(record.value())) {
      case Decoded.Value<DeadLetter>(DeadLetter dead) ->
          new Letter.OfJob(record.offset(), dead, text(record, RecordHeaders.TRACEPARENT));
      case Decoded.Refused<DeadLetter>(String reason) ->
          new Letter.Unreadable(record.offset(), reason);
    };
  }

  private static @Nullable String text(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
