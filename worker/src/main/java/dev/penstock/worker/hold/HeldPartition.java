package dev.penstock.worker.hold;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One owned partition of a hold topic: the first of its records, and up to where it is committed.
 * All records are held for the same time, so the first that was polled is the first that is ready.
 */
final class HeldPartition {
  /** What a record takes in memory beside its value. */
  private static final int OVERHEAD_BYTES = 500;

  private final TopicPartition partition;
  private final Duration hold;
  private final Deque<ConsumerRecord<byte[], byte[]>> first = new ArrayDeque<>();
  private long bytes;
  private long position;
  private long committed;
  private Instant committedAt;

  HeldPartition(TopicPartition partition, Duration hold, long committed, Instant now) {
    this.partition = partition;
    this.hold = hold;
    this.position = committed;
    this.committed = committed;
    this.committedAt = now;
  }

  TopicPartition partition() {
    return partition;
  }

  Duration hold() {
    return hold;
  }

  void polled(List<ConsumerRecord<byte[], byte[]>> records) {
    for (var record : records) {
      first.add(record);
      bytes += bytes(record);
    }
    position = records.getLast().offset() + 1;
  }

  /**
   * Notes where the consumer stands: beyond the last record there may be transaction markers and
   * aborted records.
   */
  void standsAt(long consumerPosition) {
    position = Math.max(position, consumerPosition);
  }

  /** How many bytes it keeps in memory. */
  long bytes() {
    return bytes;
  }

  static int bytes(ConsumerRecord<byte[], byte[]> record) {
    return OVERHEAD_BYTES + Math.max(0, record.serializedValueSize());
  }

  /** When its first record is ready to move; null while none is in memory. */
  @Nullable Instant readyAt() {
    var head = first.peek();
    return head == null ? null : readyAt(head);
  }

  /** When {@code record} was held long enough: by the broker's clock, that appended it. */
  Instant readyAt(ConsumerRecord<byte[], byte[]> record) {
    return Instant.ofEpochMilli(record.timestamp()).plus(hold);
  }

  /** Whether even the last record in memory is ready. */
  boolean isAllReady(Instant now) {
    var last = first.peekLast();
    return last != null && !readyAt(last).isAfter(now);
  }

  /** Its records in order, without taking them out. */
  Iterator<ConsumerRecord<byte[], byte[]>> records() {
    return first.iterator();
  }

  /** What is to be committed when the first {@code moved} records have moved on. */
  long offsetAfter(int moved) {
    if (moved == first.size()) {
      return position;
    }
    return first.stream().skip(moved).findFirst().orElseThrow().offset();
  }

  /** The first {@code moved} records have moved on, and {@code offset} is committed. */
  void moved(int moved, long offset, Instant now) {
    for (int i = 0; i < moved; i++) {
      bytes -= bytes(first.remove());
    }
    committed = offset;
    committedAt = now;
  }

  long committed() {
    return committed;
  }

  Instant committedAt() {
    return committedAt;
  }

  /** Whether nothing is in memory and what is committed lies behind where the consumer stands. */
  boolean hasGapAtTail() {
    return first.isEmpty() && position > committed;
  }
}
