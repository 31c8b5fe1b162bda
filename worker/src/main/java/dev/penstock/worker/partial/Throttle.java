package dev.penstock.worker.partial;

import dev.penstock.job.JobId;
import dev.penstock.job.PartialAnswer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Decides which pieces of which answers are told when: of each answer one piece in {@link #PERIOD},
 * of all of them {@link #PIECES_A_SECOND}. What comes in between is told with the next piece; where
 * that is more than a piece may have, the oldest of it is left out.
 *
 * <p>Times are nanoseconds of one clock. Thread-safe, and never waits: an answer keeps less than a
 * piece, and there are no more answers than slots.
 */
final class Throttle {
  /** Between two pieces of one answer. */
  static final Duration PERIOD = Duration.ofMillis(250);

  /** Of this worker, whatever it writes. */
  static final int PIECES_A_SECOND = 200;

  /** Nothing is to be told. */
  static final long NEVER = Long.MAX_VALUE;

  private static final long PERIOD_NANOS = PERIOD.toNanos();
  private static final double NANOS_A_SECOND = 1e9;

  private final PartialMetrics metrics;

  /** Answers of which something is to be told, by when that may be. */
  private final PriorityQueue<Answer> untold =
      new PriorityQueue<>(Comparator.comparingLong((Answer answer) -> answer.dueAt));

  private double allowance = PIECES_A_SECOND;
  private long allowedAt;
  private boolean begun;

  Throttle(PartialMetrics metrics) {
    this.metrics = metrics;
  }

  /** An answer that is being written. */
  final class Answer {
    private final JobId jobId;
    private final int generation;
    private final int attempt;
    private final StringBuilder text = new StringBuilder();

    /** Where {@link #text} begins in the answer. */
    private long from;

    private long dueAt;
    private long mayBeToldAt = Long.MIN_VALUE;
    private boolean isUntold;
    private boolean ended;

    private Answer(JobId jobId, int generation, int attempt) {
      this.jobId = jobId;
      this.generation = generation;
      this.attempt = attempt;
    }

    /**
     * More of it was written.
     *
     * @param chars how long it is by now
     * @return whether it is the one to be told next
     */
    boolean came(String added, long chars, long now) {
      synchronized (Throttle.this) {
        if (ended || added.isEmpty() || chars > PartialAnswer.MAX_ANSWER_CHARS) {
          return false;
        }
        long begin = Math.max(0, chars - added.length());
        if (begin != from + text.length()) {
          // What a plugin tells need not fit together.
          text.setLength(0);
          from = begin;
        }
        text.append(added);
        leaveOutTheOldest();
        if (isUntold || tellable(this) == 0) {
          return false;
        }
        isUntold = true;
        dueAt = Math.max(now, mayBeToldAt);
        untold.add(this);
        return untold.peek() == this;
      }
    }

    private void leaveOutTheOldest() {
      int tooMany = text.length() - PartialAnswer.MAX_CHARS;
      if (tooMany > 0) {
        boolean half = Character.isLowSurrogate(text.charAt(tooMany));
        int left = half ? tooMany + 1 : tooMany;
        text.delete(0, left);
        from += left;
        metrics.leftOut(left);
      }
    }

    /** Nothing more of it is told. */
    void end() {
      synchronized (Throttle.this) {
        ended = true;
        text.setLength(0);
        if (isUntold) {
          isUntold = false;
          untold.remove(this);
        }
      }
    }

    private PartialAnswer piece(int length, long now) {
      var piece = new PartialAnswer(jobId, generation, attempt, from, text.substring(0, length));
      text.delete(0, length);
      from += length;
      mayBeToldAt = now + PERIOD_NANOS;
      return piece;
    }
  }

  /** An answer begins. */
  Answer begin(JobId jobId, int generation, int attempt) {
    return new Answer(jobId, generation, attempt);
  }

  /** What is to be told now, in the order in which it became due. */
  synchronized List<PartialAnswer> due(long now) {
    refill(now);
    var pieces = new ArrayList<PartialAnswer>();
    Answer next = untold.peek();
    while (next != null && next.dueAt <= now && allowance >= 1) {
      untold.remove();
      next.isUntold = false;
      int length = tellable(next);
      if (length > 0) {
        allowance--;
        pieces.add(next.piece(length, now));
      }
      next = untold.peek();
    }
    return pieces;
  }

  /** When {@link #due} has something, as far as is known; {@link #NEVER} when nothing waits. */
  synchronized long nextAt(long now) {
    Answer next = untold.peek();
    if (next == null) {
      return NEVER;
    }
    refill(now);
    long refilled =
        allowance >= 1
            ? now
            : now + (long) Math.ceil((1 - allowance) * NANOS_A_SECOND / PIECES_A_SECOND);
    return Math.max(next.dueAt, refilled);
  }

  private void refill(long now) {
    if (begun) {
      double earned = (now - allowedAt) / NANOS_A_SECOND * PIECES_A_SECOND;
      allowance = Math.min(PIECES_A_SECOND, allowance + Math.max(0, earned));
    }
    begun = true;
    allowedAt = now;
  }

  /** How much of what is untold can stand alone: the first half of a pair waits for the second. */
  private static int tellable(Answer answer) {
    int length = answer.text.length();
    return length > 0 && Character.isHighSurrogate(answer.text.charAt(length - 1))
        ? length - 1
        : length;
  }
}
