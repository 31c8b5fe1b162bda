package dev.penstock.worker.core;

import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Priority;
import dev.penstock.job.Waits;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Target;
import dev.penstock.runtime.telemetry.Span;
import dev.penstock.topic.Topics;
import dev.penstock.worker.admit.Admission;
import dev.penstock.worker.answer.AnswerCache;
import dev.penstock.worker.answer.CacheRequest;
import dev.penstock.worker.judge.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A record that this worker is answerable for, from its admission to the window until its
 * settlement is committed.
 */
public final class Claim {
  /** Where a claim is. Only the core's thread changes it. */
  enum Phase {
    /** Ready, waits for a slot. */
    QUEUED,
    /** Waits for its due time. */
    WAITING,
    /** Ready, but nobody may be called for it now: it waits at a {@link Gate}. */
    GATED,
    /** Somebody makes the same call already: it waits for what comes of it. */
    JOINED,
    /** It has its slot and is to make a call that others may wait for; it is not known yet. */
    BIDDING,
    /** A provider is called. */
    RUNNING,
    /** What it came to is known and not yet committed. */
    SETTLED,
    /** The partition went to someone else, or the worker stops: whatever comes of it is ignored. */
    DROPPED
  }

  /** Why a running call was interrupted. */
  enum Interruption {
    NONE,
    TIMEOUT,
    CANCEL,
    EXPIRY
  }

  private final TopicPartition partition;
  private final long offset;
  private final JobRecord record;
  private final Priority lane;
  private final int payloadBytes;
  private final byte @Nullable [] traceparent;

  Phase phase = Phase.QUEUED;
  Interruption interruption = Interruption.NONE;
  Instant interruptedAt = Instant.EPOCH;
  Instant startedAt = Instant.EPOCH;

  /** Since when it waits for a slot. */
  Instant readyAt = Instant.EPOCH;

  /** Where it waits, or waited last, until it is admitted. */
  @Nullable Gate gate;

  /** Who is called, and why not who stands before it in the route. */
  @Nullable Target target;

  @Nullable String insteadOf;

  /** That the call may be made; null when it is given back. */
  Admission.@Nullable Permit permit;

  /** What it asks, if it may share an answer. */
  @Nullable CacheRequest request;

  /** Why its call is made past the cache, in a word; null where it is not, or not cached. */
  @Nullable String bypass;

  /** That it makes a call that others may wait for; null when it is ended. */
  AnswerCache.@Nullable Bid bid;

  /** Until when it waits for another one's call, or to know about its own, at the latest. */
  Instant joinedUntil = Instant.MAX;

  /**
   * Since when it has not been called although its turn had come, because nobody might be called or
   * somebody made the same call, in milliseconds since the epoch; 0 while that is not so.
   */
  private long heldUpSince;

  /** How long that was the case before, in milliseconds. */
  private long heldUpMillis;

  /** What it waited for before its call; null before that. */
  @Nullable Waits waits;

  boolean holdsSlot;

  /** Its call does not end. */
  boolean stuck;

  boolean announced;

  /** What the provider told of its call, once it has ended; null where none was made. */
  @Nullable CallReport report;

  /** What the input of its call costs, or null where that is not known. */
  private @Nullable Long inputCostNanos;

  private volatile @Nullable Instant begunAt;

  /** What its attempt is in its trace; null where nobody keeps that. */
  private volatile @Nullable Span span;

  /** Since when it is due because someone asked for that; null where nobody did. */
  private @Nullable Instant hurriedAt;

  @Nullable Settlement settlement;

  /** A claim of {@code source}, which says {@code record}, in the lane that it stands in. */
  public Claim(SourceRecord source, JobRecord record) {
    this(source, record, Topics.laneOf(source.partition().topic()));
  }

  /**
   * @param lane whose share of the slots it waits for: that of the topic that it stands on
   */
  Claim(SourceRecord source, JobRecord record, Priority lane) {
    this.lane = lane;
    this.partition = source.partition();
    this.offset = source.offset();
    this.payloadBytes = source.payloadBytes();
    this.traceparent = source.traceparent();
    this.record = record;
  }

  /** Someone asked at {@code at} that it is due from then on. */
  void hurry(Instant at) {
    hurriedAt = at;
  }

  /** Whether it is due because someone asked for that. */
  boolean isHurried() {
    return hurriedAt != null;
  }

  /** When it is due, or was: as its record says, or since someone asked for that. */
  @Nullable Instant dueAt() {
    Instant dueAt = record.dueAt();
    Instant hurried = hurriedAt;
    return dueAt != null && hurried != null && hurried.isBefore(dueAt) ? hurried : dueAt;
  }

  /** From now on it waits for something else than its slot. */
  void heldUp(Instant now) {
    if (heldUpSince == 0) {
      heldUpSince = now.toEpochMilli();
    }
  }

  /** It does not wait for anything else than its slot any more. */
  void goesOn(Instant now) {
    if (heldUpSince != 0) {
      heldUpMillis += Math.max(0, now.toEpochMilli() - heldUpSince);
      heldUpSince = 0;
    }
  }

  /** Its call begins, or is not to be made: what it waited for until now. */
  Waits waitedUntil(Instant now) {
    goesOn(now);
    Job job = record.job();
    Instant due = dueAt();
    long dueMillis;
    long held = heldUpMillis;
    if (record.attempts().isEmpty() && record.generation() == 0) {
      Instant runAt = job.runAt();
      long first = job.acceptedAt().toEpochMilli();
      dueMillis = runAt == null ? first : Math.max(first, runAt.toEpochMilli());
      if (due != null && due.toEpochMilli() < dueMillis) {
        dueMillis = Math.max(first, due.toEpochMilli());
      } else if (due != null && due.toEpochMilli() > dueMillis) {
        // It was due before, and was put into a hold because nobody could be called for it.
        held += due.toEpochMilli() - dueMillis;
      }
    } else {
      dueMillis = due == null ? now.toEpochMilli() : due.toEpochMilli();
    }
    // Whoever accepted the job has another clock.
    long sum = Math.max(0, now.toEpochMilli() - dueMillis);
    long limit = Math.min(sum, held);
    Waits told = new Waits(sum - limit, limit);
    waits = told;
    return told;
  }

  /** By where it stands: claims are looked up often, and one record is claimed once at a time. */
  @Override
  public int hashCode() {
    return 31 * partition.hashCode() + Long.hashCode(offset);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  /** Notes that the provider is called from {@code at} on. Called by the thread that calls. */
  public void begun(Instant at) {
    begunAt = at;
  }

  /**
   * When the provider's call began; null while it waits for its thread, for such a call is lost
   * with nobody.
   */
  public @Nullable Instant begunAt() {
    return begunAt;
  }

  /** Notes what its attempt is in its trace. Called by the thread that calls. */
  public void traced(Span attempt) {
    span = attempt;
  }

  /** What its attempt is in its trace; null where nobody keeps that, or no call was made. */
  public @Nullable Span span() {
    return span;
  }

  /** Nothing will come of its attempt. */
  void untold(Instant at) {
    Span attempt = span;
    if (attempt != null) {
      attempt.failed("lost").end(at);
    }
  }

  /** What it waited for before its call; null before that. */
  public @Nullable Waits waits() {
    return waits;
  }

  /** Notes what the input of its call costs. Called on the core's thread. */
  public void inputCosts(long nanos) {
    inputCostNanos = nanos;
  }

  /** What the input of its call costs, or null where that is not known. */
  public @Nullable Long inputCostNanos() {
    return inputCostNanos;
  }

  public TopicPartition partition() {
    return partition;
  }

  public long offset() {
    return offset;
  }

  public JobRecord record() {
    return record;
  }

  Priority lane() {
    return lane;
  }

  /**
   * How long its job could have been run at {@code until}: since it was accepted, or due. A replay
   * counts from when it was claimed.
   */
  public Duration waited(Instant until) {
    Instant dueAt = dueAt();
    Instant since = record.generation() > 0 ? readyAt : record.job().acceptedAt();
    Instant from = dueAt != null && dueAt.isAfter(since) ? dueAt : since;
    return until.isAfter(from) ? Duration.between(from, until) : Duration.ZERO;
  }

  /**
   * How long its job has been on its way at {@code until}: since it was accepted, or was to run
   * first. Null for a replay, whose way began again at a time that its record does not tell.
   */
  public @Nullable Duration lasted(Instant until) {
    if (record.generation() > 0) {
      return null;
    }
    Job job = record.job();
    Instant runAt = job.runAt();
    Instant from = runAt != null && runAt.isAfter(job.acceptedAt()) ? runAt : job.acceptedAt();
    return until.isAfter(from) ? Duration.between(from, until) : Duration.ZERO;
  }

  /** Who is called; not before it is known. */
  public Target target() {
    return Objects.requireNonNull(target);
  }

  /** Who is called, where its job does not name the target itself. */
  @Nullable Target asked() {
    Target called = target();
    return called.toString().equals(record.job().model()) ? null : called;
  }

  /** The header's value; not to be changed. */
  public byte @Nullable [] traceparent() {
    return traceparent;
  }

  int payloadBytes() {
    return payloadBytes;
  }
}
