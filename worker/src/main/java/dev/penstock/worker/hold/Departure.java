package dev.penstock.worker.hold;

import dev.penstock.worker.window.MovedOffsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * What one hop takes from one partition, and what is committed of the partition with it. It changes
 * nothing of the partition before that is done. For one thread.
 */
final class Departure {
  private final HeldPartition from;
  private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
  private final Iterator<ConsumerRecord<byte[], byte[]>> head;

  /** The first record that stays, as far as is known. */
  private @Nullable ConsumerRecord<byte[], byte[]> stays;

  private MovedOffsets beyond;

  Departure(HeldPartition from) {
    this.from = from;
    this.beyond = from.moved();
    this.head = from.records().iterator();
    advance();
  }

  private void advance() {
    stays = head.hasNext() ? head.next() : null;
  }

  /** Takes the first records, as far as they were held long enough. */
  void takeReady(Instant now, Load load) {
    while (stays != null && !from.readyAt(stays).isAfter(now) && load.takes(stays)) {
      records.add(stays);
      advance();
    }
  }

  /**
   * Takes those that someone asks for: the first ones with all before them where that is needed,
   * the others as far as it can be told that they have moved. To be called once.
   */
  void takeWanted(Load load) {
    if (from.wanted() == 0) {
      from.haste(false);
      return;
    }
    while (stays != null
        && (from.isInHaste() || from.isWanted(stays.offset()))
        && load.takes(stays)) {
      records.add(stays);
      advance();
    }
    beyond = from.moved().copy();
    beyond.advanceTo(watermark());
    boolean allFit = true;
    for (Map.Entry<Long, ConsumerRecord<byte[], byte[]>> each :
        List.copyOf(from.wantedFrom(watermark()).entrySet())) {
      if (!from.isWanted(each.getKey())) {
        continue;
      }
      if (!load.hasRoom()) {
        break;
      }
      allFit = beyond.add(each.getKey());
      if (!allFit) {
        break;
      }
      var _ = load.takes(each.getValue());
      records.add(each.getValue());
    }
    from.haste(!allFit);
  }

  /** The records that leave. */
  List<ConsumerRecord<byte[], byte[]>> records() {
    return records;
  }

  /** What is committed: all before it has moved on. */
  long watermark() {
    return stays == null ? Math.max(from.position(), from.committed()) : stays.offset();
  }

  /** What has moved on beyond {@link #watermark}. */
  MovedOffsets beyond() {
    if (beyond == from.moved()) {
      beyond = from.moved().copy();
      beyond.advanceTo(watermark());
    }
    return beyond;
  }

  /** What one transaction takes, of all partitions together. */
  static final class Load {
    private final int maxRecords;
    private final long maxBytes;
    private int records;
    private long bytes;

    Load(int maxRecords, long maxBytes) {
      this.maxRecords = maxRecords;
      this.maxBytes = maxBytes;
    }

    boolean hasRoom() {
      return records < maxRecords && bytes < maxBytes;
    }

    /** Whether there was room for one more; then it is counted. */
    boolean takes(ConsumerRecord<byte[], byte[]> record) {
      if (!hasRoom()) {
        return false;
      }
      records++;
      bytes += HeldPartition.bytes(record);
      return true;
    }
  }
}
