package dev.penstock.chaos.simulated.kafka;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;

/** A partition. Records and transaction markers take an offset each. */
public final class SimLog {
  private final TopicPartition partition;
  private final List<Entry> entries = new ArrayList<>();

  /** How far all was decided, and since when, each time that grew. */
  private final List<Stable> stability = new ArrayList<>();

  /** Where each transaction that has no marker here yet begins. */
  private final Map<Transaction, Long> open = new LinkedHashMap<>();

  SimLog(TopicPartition partition) {
    this.partition = partition;
  }

  /**
   * A place in the log.
   *
   * @param record what stands there; null for a marker
   * @param transaction what it belongs to; null outside of transactions
   */
  @SuppressWarnings("ArrayRecordComponent") // handed through as it is, never compared
  private record Entry(
      @Nullable Data record, @Nullable Transaction transaction, long appendedAtMillis) {}

  private record Stable(long below, long atNanos) {}

  /** What a producer sends. */
  @SuppressWarnings("ArrayRecordComponent") // handed through as it is, never compared
  record Data(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {}

  public TopicPartition partition() {
    return partition;
  }

  /** One above the last offset. */
  public long end() {
    return entries.size();
  }

  /** Up to where all is decided. */
  public long lastStable() {
    long stable = end();
    for (long first : open.values()) {
      stable = Math.min(stable, first);
    }
    return stable;
  }

  /** Since when a {@code read_committed} reader can see what stands at the offset. */
  public long visibleSinceNanos(long offset) {
    for (Stable each : stability) {
      if (each.below > offset) {
        return each.atNanos;
      }
    }
    throw new IllegalArgumentException(partition + "@" + offset + " is not visible yet");
  }

  /** Notes how far all is decided at the moment. */
  void note(long nowNanos) {
    long stable = lastStable();
    if (stability.isEmpty() || stability.getLast().below < stable) {
      stability.add(new Stable(stable, nowNanos));
    }
  }

  long append(Data data, @Nullable Transaction transaction, long nowMillis) {
    long offset = end();
    if (transaction != null) {
      open.putIfAbsent(transaction, offset);
    }
    entries.add(new Entry(data, transaction, nowMillis));
    return offset;
  }

  /** The broker's time when it appended the record. */
  long appendedAtMillis(long offset) {
    return entries.get((int) offset).appendedAtMillis;
  }

  void appendMarker(Transaction transaction, long nowMillis) {
    entries.add(new Entry(null, transaction, nowMillis));
    open.remove(transaction);
  }

  /** Whether {@code offset} holds a record that a reader of the isolation level sees. */
  private @Nullable Entry visible(long offset, boolean committedOnly) {
    Entry entry = entries.get((int) offset);
    boolean hidden =
        entry.record == null
            || (committedOnly
                && entry.transaction != null
                && entry.transaction.fate() != Transaction.Fate.COMMITTED);
    return hidden ? null : entry;
  }

  /** The records from {@code from} to below {@code to} that the isolation level shows. */
  List<ConsumerRecord<byte[], byte[]>> read(long from, long to, int most, boolean committedOnly) {
    var records = new ArrayList<ConsumerRecord<byte[], byte[]>>();
    for (long offset = from; offset < to && records.size() < most; offset++) {
      Entry entry = visible(offset, committedOnly);
      if (entry != null) {
        records.add(record(offset, entry));
      }
    }
    return records;
  }

  /** Everything that a {@code read_committed} reader sees now. */
  public List<ConsumerRecord<byte[], byte[]>> committed() {
    return read(0, lastStable(), Integer.MAX_VALUE, true);
  }

  @SuppressWarnings("NullAway") // Kafka's records hold null keys and values
  private ConsumerRecord<byte[], byte[]> record(long offset, Entry entry) {
    Data data = java.util.Objects.requireNonNull(entry.record);
    byte @Nullable [] key = data.key();
    byte @Nullable [] value = data.value();
    return new ConsumerRecord<>(
        partition.topic(),
        partition.partition(),
        offset,
        entry.appendedAtMillis,
        TimestampType.LOG_APPEND_TIME,
        key == null ? ConsumerRecord.NULL_SIZE : key.length,
        value == null ? ConsumerRecord.NULL_SIZE : value.length,
        key,
        value,
        new RecordHeaders(data.headers()),
        Optional.empty());
  }
}
