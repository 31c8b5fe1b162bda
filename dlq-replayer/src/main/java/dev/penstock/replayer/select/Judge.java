package dev.penstock.replayer.select;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.Refusal;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.change.Change.Changed;
import dev.penstock.replayer.look.LetterContent;
import dev.penstock.replayer.look.LetterRecord;
import dev.penstock.replayer.look.Standing;
import dev.penstock.topic.Topics;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says what the decider would make of a dead letter if it came to it at {@code now}. Pure.
 *
 * @param now of which it depends whether a job has expired
 */
record Judge(Action action, Change change, Instant now) {
  private static final int MOST_OTHER_CHARS = 50_000;

  /** What would become of it. */
  sealed interface Verdict {
    /**
     * It is done.
     *
     * @param after the job that would run, or null where none would
     */
    record Done(@Nullable Job after) implements Verdict {}

    /** It would be left as it is. */
    record Refused(Refusal reason, @Nullable String detail) implements Verdict {}
  }

  Verdict judge(LetterRecord letter, Standing standing) {
    return switch (action) {
      case Action.Purge _ ->
          standing == Standing.PURGED ? resolved(standing) : new Verdict.Done(null);
      case Action.Discard _ ->
          standing == Standing.OPEN ? new Verdict.Done(null) : resolved(standing);
      case Action.Replay replay ->
          standing == Standing.OPEN ? replay(replay, letter.content()) : resolved(standing);
    };
  }

  private static Verdict resolved(Standing standing) {
    return new Verdict.Refused(Refusal.ALREADY_RESOLVED, "it is " + standing.wireName());
  }

  private Verdict replay(Action.Replay replay, LetterContent content) {
    return switch (content) {
      case LetterContent.Poison(String reason) -> new Verdict.Refused(Refusal.POISON, reason);
      case LetterContent.Unreadable(String reason) ->
          new Verdict.Refused(Refusal.UNREADABLE, reason);
      case LetterContent.OfJob(DeadLetter dead) ->
          dead.generation() >= replay.maxGeneration()
              ? new Verdict.Refused(
                  Refusal.RETURNED_TOO_OFTEN, "it was replayed " + dead.generation() + " times")
              : changed(dead);
    };
  }

  private Verdict changed(DeadLetter dead) {
    return switch (change.apply(dead.job(), now)) {
      case Changed.Refused(Refusal reason, String detail) -> new Verdict.Refused(reason, detail);
      case Changed.Same(Job job) -> sized(dead, job, null, Topics.MAX_JOB_RECORD_BYTES);
      case Changed.Other(Job job) -> sized(dead, job, job.runAt(), Topics.MAX_JOB_BYTES);
    };
  }

  private static Verdict sized(DeadLetter dead, Job job, @Nullable Instant dueAt, int maxBytes) {
    if (mostBytes(job) <= maxBytes) {
      return new Verdict.Done(job);
    }
    int bytes =
        JsonCodec.JOB_RECORDS.encode(new JobRecord(job, dead.generation() + 1, List.of(), dueAt))
            .length;
    return bytes <= maxBytes
        ? new Verdict.Done(job)
        : new Verdict.Refused(
            Refusal.TOO_LARGE,
            "the job takes " + bytes + " bytes as a record; at most " + maxBytes);
  }

  /**
   * More than its record can take, so nearly none has to be written to know that it fits: a
   * character takes six bytes at most, and all but the text has 50,000 characters at most.
   */
  private static long mostBytes(Job job) {
    return 6L * (job.input().text().length() + MOST_OTHER_CHARS);
  }
}
