package dev.penstock.worker.core;

import dev.penstock.job.Priority;
import dev.penstock.topic.Topics;
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
  private final Priority lane;
  private final Uuid topicId;
  private final PartitionWindow window;
  private final Caution caution;
  private final Map<Long, Claim> claims = new HashMap<>();
  private final Deque<SourceRecord> unclaimed = new ArrayDeque<>();
  private long position;
  private long deliveredTo;
  private boolean dirty;
  private Instant committedAt;
  private boolean leaving;
  private long claimedBytes;
  private int waiting;
  private int gated;
  private long gatedBytes;
  private long unclaimedBytes;
  private boolean full;
  private OptionalLong vanished = OptionalLong.empty();

  PartitionState(CoreEvent.Assigned assigned, int process, Instant now) {
    this.caution = new Caution(assigned.custody(), process);
    this.partition = assigned.partition();
    this.lane = Topics.laneOf(partition.topic());
    this.window = assigned.window();
    this.topicId = assigned.topicId();
    this.committedAt = now;
    this.position = window.watermark();
    this.deliveredTo = window.watermark();
  }

  TopicPartition partition() {
    return partition;
  }

  /** The priority of its jobs. */
  Priority lane() {
    return lane;
  }

  void polled(CoreEvent.Polled polled) {
    for (SourceRecord record : polled.records()) {
      unclaimed.add(record);
      unclaimedBytes += record.payloadBytes();
    }
    position = polled.position();
  }

  /**
   * The next polled record that is to be claimed and fits the window, taken out; null when there is
   * none now.
   */
  @Nullable SourceRecord nextClaimable(CoreLimits limits) {
    while (!leaving && caution.isTaken() && !unclaimed.isEmpty()) {
      SourceRecord record = unclaimed.peek();
      long offset = record.offset();
      if (window.isFinished(offset)) {
        // A former owner finished it beyond its watermark.
        take();
        delivered(offset);
        continue;
      }
      boolean known = window.isUnfinished(offset);
      if (!known && (isWindowFull(limits) || !window.admits(offset))) {
        return null;
      }
      take();
      delivered(offset);
      if (!known) {
        window.add(offset);
        dirty = true;
      }
      return record;
    }
    return null;
  }

  private void take() {
    unclaimedBytes -= unclaimed.remove().payloadBytes();
  }

  private void delivered(long offset) {
    long expected = window.nextUnfinished(deliveredTo);
    if (expected < Math.min(offset, window.end())) {
      vanished = OptionalLong.of(expected);
    }
    deliveredTo = Math.max(deliveredTo, offset + 1);
  }

  /**
   * An offset that a former owner left unfinished and that the log has passed over: its record is
   * gone.
   */
  OptionalLong vanished() {
    return vanished;
  }

  /**
   * Once all that was polled is claimed, whatever below the position was not handed over is a gap.
   * While something is unfinished the gap waits for the next record: only records are asked
   * beforehand whether they fit the window.
   */
  void closeGaps() {
    if (leaving || !unclaimed.isEmpty()) {
      return;
    }
    if (position > deliveredTo) {
      delivered(position - 1);
    }
    if (position > window.end() && window.unfinished() == 0) {
      window.passTo(position);
      dirty = true;
    }
  }

  void claimed(Claim claim) {
    claims.put(claim.offset(), claim);
  }

  /** Counts the memory that claims of this partition take, or no longer take. */
  void hold(long bytes) {
    claimedBytes += bytes;
  }

  long claimedBytes() {
    return claimedBytes;
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
    unclaimedBytes = 0;
  }

  /**
   * Jobs that wait for their due time, or to be admitted, have a bound of their own: they need no
   * thread, and many may become due together.
   */
  private boolean isWindowFull(CoreLimits limits) {
    return window.unfinished() - waiting >= limits.windowJobs()
        || waiting >= limits.waiting().jobs();
  }

  /** Counts claims that wait for their due time or to be admitted, or no longer wait. */
  void await(int claims) {
    waiting += claims;
  }

  /** Counts one of them that waits to be admitted (1), or no longer does (-1). */
  void awaitAdmission(int change, int payloadBytes) {
    waiting += change;
    gated += change;
    gatedBytes += (long) change * payloadBytes;
  }

  /**
   * Whether so many wait to be admitted that others might soon find no room.
   *
   * @param bytes how much of this partition may be held in memory
   */
  boolean isCrowded(CoreLimits limits, long bytes) {
    return gated >= Math.max(1, limits.waiting().jobs() / 2) || gatedBytes >= bytes / 2;
  }

  /**
   * Whether no further records are wanted for now. Up to half a window waits here beyond what is
   * claimed, so that a partition goes on at once when there is room, and is not paused and resumed
   * all the time: once full, it stays so until that is down to a quarter.
   *
   * @param bytes how much of this partition may be held in memory
   */
  boolean isFull(CoreLimits limits, long bytes) {
    int ahead = unclaimed.size();
    int windowJobs = limits.windowJobs();
    full =
        leaving
            || claimedBytes + unclaimedBytes >= bytes
            || ahead > (full ? windowJobs / 4 : windowJobs / 2);
    return full;
  }

  Collection<Claim> claims() {
    return claims.values();
  }

  /** The claim of that offset, or null. */
  @Nullable Claim claim(long offset) {
    return claims.get(offset);
  }

  boolean hasClaims() {
    return !claims.isEmpty();
  }

  boolean isDirty() {
    return dirty || caution.isChanged();
  }

  Caution caution() {
    return caution;
  }

  /** Whether it is to be committed at once who has the partition, or that nobody has. */
  boolean wantsCommit() {
    return caution.wantsCommit(leaving);
  }

  /** Nothing of it is being run or is left to run, as far as is known. */
  void idle() {
    if (unclaimed.isEmpty() && claims.isEmpty()) {
      caution.allProven();
    }
  }

  Instant committedAt() {
    return committedAt;
  }

  /** What is to be committed now. */
  OffsetAndMetadata offset() {
    dirty = false;
    return new OffsetAndMetadata(
        window.watermark(), WindowMetadata.write(topicId, window, caution.toCommit(leaving)));
  }

  void committed(Instant now) {
    committedAt = now;
    caution.committed();
  }
}
