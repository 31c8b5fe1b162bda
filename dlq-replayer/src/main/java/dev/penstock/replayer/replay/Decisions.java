package dev.penstock.replayer.replay;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Ordering;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.change.Change.Changed;
import dev.penstock.topic.Topics;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an order makes of one dead letter that it may still take. Pure. */
final class Decisions {
  /** What is told of a refusal beside its reason, in UTF-16 code units. */
  static final int MAX_DETAIL_CHARS = 500;

  private Decisions() {}

  /**
   * What becomes of {@code letter}.
   *
   * @param successors takes the next generation, where there is one
   */
  static LedgerRecord of(Order order, Letter letter, Instant now, List<Successor> successors) {
    long offset = letter.offset();
    return switch (order.action()) {
      case Action.Discard(String reason) ->
          letter instanceof Letter.OfJob(_, DeadLetter dead, _)
              ? new LedgerRecord.Discarded(
                  offset, dead.job().id(), dead.generation(), order.plan(), reason, now)
              : new LedgerRecord.Discarded(offset, null, null, order.plan(), reason, now);
      case Action.Purge(String reason) ->
          letter instanceof Letter.OfJob(_, DeadLetter dead, _)
              ? new LedgerRecord.Purged(
                  offset, dead.job().id(), dead.generation(), order.plan(), reason, now)
              : new LedgerRecord.Purged(offset, null, null, order.plan(), reason, now);
      case Action.Replay replay ->
          switch (letter) {
            case Letter.Poison(_, String reason) ->
                refused(order, offset, Refusal.POISON, reason, now);
            case Letter.Unreadable(_, String reason) ->
                refused(order, offset, Refusal.UNREADABLE, reason, now);
            case Letter.OfJob ofJob -> replay(order, replay, ofJob, now, successors);
          };
    };
  }

  private static LedgerRecord replay(
      Order order,
      Action.Replay replay,
      Letter.OfJob letter,
      Instant now,
      List<Successor> successors) {
    DeadLetter dead = letter.deadLetter();
    if (dead.generation() >= replay.maxGeneration()) {
      return refused(
          order,
          letter.offset(),
          Refusal.RETURNED_TOO_OFTEN,
          "it was replayed " + dead.generation() + " times",
          now);
    }
    return switch (order.change().apply(dead.job(), now)) {
      case Changed.Refused(Refusal reason, String detail) ->
          refused(order, letter.offset(), reason, detail, now);
      // It was accepted once, larger than now: the number of its generation may have grown.
      case Changed.Same(Job job) ->
          succeed(order, letter, job, null, Topics.MAX_JOB_RECORD_BYTES, now, successors);
      case Changed.Other(Job job) ->
          succeed(order, letter, job, job.runAt(), Topics.MAX_JOB_BYTES, now, successors);
    };
  }

  private static LedgerRecord succeed(
      Order order,
      Letter.OfJob letter,
      Job job,
      @Nullable Instant dueAt,
      int maxBytes,
      Instant now,
      List<Successor> successors) {
    int failed = letter.deadLetter().generation();
    var record = new JobRecord(job, failed + 1, List.of(), dueAt);
    byte[] value = JsonCodec.JOB_RECORDS.encode(record);
    if (value.length > maxBytes) {
      return refused(
          order,
          letter.offset(),
          Refusal.TOO_LARGE,
          "the job takes " + value.length + " bytes as a record; at most " + maxBytes,
          now);
    }
    successors.add(new Successor(record, value, letter.traceparent()));
    Ordering ordering = job.ordering();
    return new Replayed(
        letter.offset(),
        job.id(),
        failed,
        order.plan(),
        ordering == null ? null : ordering.key(),
        now);
  }

  /** The dead letter stays as it is. */
  static LedgerRecord.Refused refused(
      Order order, long offset, Refusal reason, @Nullable String detail, Instant now) {
    return new LedgerRecord.Refused(
        offset,
        order.plan(),
        reason,
        detail == null || detail.length() <= MAX_DETAIL_CHARS
            ? detail
            : detail.substring(0, MAX_DETAIL_CHARS),
        now);
  }

  /** What {@code decisions} come to. */
  static Tally tally(List<LedgerRecord> decisions) {
    return decisions.stream().map(Decisions::count).reduce(Tally.NONE, Tally::plus);
  }

  private static Tally count(LedgerRecord decision) {
    return switch (decision) {
      case Replayed _ -> Tally.ofReplayed(1);
      case LedgerRecord.Discarded _ -> Tally.ofDiscarded(1);
      case LedgerRecord.Purged _ -> Tally.ofPurged(1);
      case LedgerRecord.Refused refused -> Tally.ofRefused(refused.reason(), 1);
      case LedgerRecord.Progress _ -> throw new IllegalStateException("progress is no decision");
    };
  }
}
