package dev.penstock.worker.core;

import dev.penstock.worker.window.PartitionWindow;
import dev.penstock.worker.window.WindowMetadata;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * One owned partition: its window, its claims, and the records that are polled and not yet claimed.
 */
final class PartitionState {
  private final TopicPartition partition;
  private final Uuid topicId;
  private final PartitionWindow window;
  private final Map<Long, Claim> claims = new HashMap<>();
  private final Deque<SourceRecord> unclaimed = new ArrayDeque<>();
  private long position;
  private long deliveredTo;
  private boolean dirty;
  private Instant committedAt;
  private boolean leaving;

  PartitionState(CoreEvent.Assigned assigned, Instant now) {
    this.partition = assigned.partition();
    this.window = assigned.window();
    this.topicId = assigned.topicId();
    this.committedAt = now;
    this.position = window.watermark();
    this.deliveredTo = window.watermark();
  }

  TopicPartition partition() {
    return partition;
  }

  void polled(CoreEvent.Polled polled) {
    unclaimed.addAll(polled.records());
    position = polled.position();
  }

  /**
   * The next polled record that is to be claimed and fits the window, taken out; null when there is
   * none now.
   */
  @Nullable SourceRecord nextClaimable(int windowJobs) {
    while (!leaving && !unclaimed.isEmpty()) {
      SourceRecord record = unclaimed.peek();
      long offset = record.offset();
      if (window.isFinished(offset)) {
        // A former owner finished it beyond its watermark.
        unclaimed.remove();
        deliveredTo = offset + 1;
        continue;
      }
      boolean known = window.isUnfinished(offset);
      if (!known && (window.unfinished() >= windowJobs || !window.admits(offset))) {
        return null;
      }
      unclaimed.remove();
      if (!known) {
        window.add(offset);
        dirty = true;
      }
      return record;
    }
    return null;
  }

  /**
   * An offset that a former owner left unfinished and that the log has passed over, now that {@code
   * offset} is delivered: the record is gone.
   */
  OptionalLong vanishedBefore(long offset) {
    long expected = window.nextUnfinished(deliveredTo);
    deliveredTo = Math.max(deliveredTo, offset);
    return expected < Math.min(offset, window.end())
        ? OptionalLong.of(expected)
        : OptionalLong.empty();
  }

  /**
   * Once all that was polled is claimed, whatever below the position was not handed over is a gap.
   */
  OptionalLong closeGaps() {
    if (leaving || !unclaimed.isEmpty() || position <= deliveredTo) {
      return OptionalLong.empty();
    }
    OptionalLong vanished = vanishedBefore(position);
    if (position > window.end()) {
      window.passTo(position);
      dirty = true;
    }
    return vanished;
  }

  void claimed(Claim claim) {
    deliveredTo = claim.offset() + 1;
    claims.put(claim.offset(), claim);
  }

  void poisoned(long offset) {
    deliveredTo = offset + 1;
  }

  /** From the next commit on the offset counts as finished. */
  void finish(long offset) {
    claims.remove(offset);
    window.finish(offset);
    dirty = true;
  }

  /** Nothing more is claimed. */
  void leave() {
    leaving = true;
    unclaimed.clear();
  }

  boolean isFull(int windowJobs) {
    return leaving || !unclaimed.isEmpty() || window.unfinished() >= windowJobs;
  }

  Collection<Claim> claims() {
    return claims.values();
  }

  boolean hasClaims() {
    return !claims.isEmpty();
  }

  boolean isDirty() {
    return dirty;
  }

  Instant committedAt() {
    return committedAt;
  }

  /** What is to be committed now. */
  OffsetAndMetadata offset() {
    dirty = false;
    return new OffsetAndMetadata(window.watermark(), WindowMetadata.write(topicId, window));
  }

  void committed(Instant now) {
    committedAt = now;
  }
}
