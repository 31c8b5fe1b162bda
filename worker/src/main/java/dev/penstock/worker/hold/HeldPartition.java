package dev.penstock.worker.hold;

import dev.penstock.worker.window.MovedOffsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One owned partition of a hold topic: the first of its records, those beyond them that someone
 * asks for, up to where it is committed, and what has moved on beyond that. All records are held
 * for the same time, so the first that was polled is the first that is ready.
 */
final class HeldPartition {
  /** What a record takes in memory beside its value. */
  private static final int OVERHEAD_BYTES = 500;

  private final TopicPartition partition;
  private final Duration hold;
  private final Predicate<ConsumerRecord<byte[], byte[]>> isWanted;
  private final Coverage coverage = new Coverage();

  /** By their offsets, which rise. */
  private final LinkedHashMap<Long, ConsumerRecord<byte[], byte[]>> first = new LinkedHashMap<>();

  private final TreeMap<Long, ConsumerRecord<byte[], byte[]>> wanted = new TreeMap<>();
  private long bytes;
  private long wantedBytes;
  private long position;
  private MovedOffsets moved;
  private long committed;
  private Instant committedAt;
  private boolean inHaste;

  /**
   * @param isWanted whether someone asks for a record before its time
   * @param committed the committed offset
   * @param moved what has moved on beyond it
   */
  HeldPartition(
      TopicPartition partition,
      Duration hold,
      Predicate<ConsumerRecord<byte[], byte[]>> isWanted,
      long committed,
      MovedOffsets moved,
      Instant now) {
    this.partition = partition;
    this.hold = hold;
    this.isWanted = isWanted;
    this.position = committed;
    this.committed = committed;
    this.moved = moved;
    this.committedAt = now;
  }

  TopicPartition partition() {
    return partition;
  }

  Duration hold() {
    return hold;
  }

  /** Up to which requests it was searched. */
  Coverage coverage() {
    return coverage;
  }

  void polled(List<ConsumerRecord<byte[], byte[]>> records) {
    for (var record : records) {
      if (moved.contains(record.offset())) {
        continue;
      }
      first.put(record.offset(), record);
      bytes += bytes(record);
    }
    position = records.getLast().offset() + 1;
  }

  /** A record was found, here or further on, that may be one that someone asks for. */
  void found(ConsumerRecord<byte[], byte[]> record) {
    if (record.offset() >= committed && !moved.contains(record.offset()) && isWanted.test(record)) {
      want(record);
    }
  }

  private void want(ConsumerRecord<byte[], byte[]> record) {
    if (wanted.putIfAbsent(record.offset(), record) == null) {
      wantedBytes += bytes(record);
    }
  }

  /** Whether the record at {@code offset} is wanted still. */
  boolean isWanted(long offset) {
    var record = wanted.get(offset);
    if (record == null) {
      return false;
    }
    if (isWanted.test(record)) {
      return true;
    }
    unwant(offset);
    return false;
  }

  private void unwant(long offset) {
    var record = wanted.remove(offset);
    if (record != null) {
      wantedBytes -= bytes(record);
    }
  }

  /** Those that someone asks for, or did, from {@code offset} on. */
  NavigableMap<Long, ConsumerRecord<byte[], byte[]>> wantedFrom(long offset) {
    return wanted.tailMap(offset, true);
  }

  int wanted() {
    return wanted.size();
  }

  /** How many bytes those take that someone asks for. */
  long wantedBytes() {
    return wantedBytes;
  }

  /**
   * Whether its first records are moved before their time, because those that someone asks for are
   * so many, and so far apart, that no more of them can be told to have moved beyond the first.
   */
  boolean isInHaste() {
    return inHaste;
  }

  void haste(boolean need) {
    inHaste = need;
  }

  /**
   * Notes where the consumer stands: beyond the last record there may be transaction markers and
   * aborted records.
   */
  void standsAt(long consumerPosition) {
    position = Math.max(position, consumerPosition);
  }

  long position() {
    return position;
  }

  /** How many bytes its first records take in memory. */
  long bytes() {
    return bytes;
  }

  static int bytes(ConsumerRecord<byte[], byte[]> record) {
    return OVERHEAD_BYTES + Math.max(0, record.serializedValueSize());
  }

  /** When its first record is ready to move; null while none is in memory. */
  @Nullable Instant readyAt() {
    Map.Entry<Long, ConsumerRecord<byte[], byte[]>> head = first.firstEntry();
    return head == null ? null : readyAt(head.getValue());
  }

  /** When {@code record} was held long enough: by the broker's clock, that appended it. */
  Instant readyAt(ConsumerRecord<byte[], byte[]> record) {
    return Instant.ofEpochMilli(record.timestamp()).plus(hold);
  }

  /** Whether even the last record in memory is ready. */
  boolean isAllReady(Instant now) {
    Map.Entry<Long, ConsumerRecord<byte[], byte[]>> last = first.lastEntry();
    return last != null && !readyAt(last.getValue()).isAfter(now);
  }

  /** Its first records in order. */
  Collection<ConsumerRecord<byte[], byte[]>> records() {
    return first.values();
  }

  /** What has moved on beyond what is committed; not to be changed. */
  MovedOffsets moved() {
    return moved;
  }

  /** The move is committed. */
  void moved(Departure move, Instant now) {
    for (var record : move.records()) {
      var head = first.remove(record.offset());
      if (head != null) {
        bytes -= bytes(head);
      }
      unwant(record.offset());
    }
    committed = move.watermark();
    moved = move.beyond();
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
