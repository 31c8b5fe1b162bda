package dev.penstock.worker.limit;

import java.time.Instant;

/**
 * How many calls of one target run at once: additive increase, multiplicative decrease (Chiu and
 * Jain, 1989), judged by windows of calls as TCP judges by round trips. Nothing is bounded before
 * there is trouble: it begins at the most there can be, and goes back there.
 *
 * <p>A window is bad when more than a tenth of its calls were: a few errors say nothing about load,
 * and an AIMD that heeds each of them stays near one call at any rate of random errors. Calls that
 * had begun before the last decrease say nothing about what came of it, and do not count.
 *
 * <p>Not thread-safe.
 */
final class Aimd {
  /** What is left of the calls at once after a bad window. */
  private static final double DECREASE = 0.7;

  /** What a good window adds, of what there is; one at least. */
  private static final double INCREASE = 0.1;

  private static final double BAD_PART = 0.1;
  private static final int SHORTEST_WINDOW = 10;
  private static final int LONGEST_WINDOW = 100;

  private final int most;
  private double limit;
  private int running;
  private int ended;
  private int bad;
  private boolean filled;
  private Instant loweredAt = Instant.MIN;

  /**
   * @param most as many as there are slots
   */
  Aimd(int most) {
    this.most = most;
    this.limit = most;
  }

  boolean isOpen() {
    return running < limit();
  }

  /** Whether it bounds anything at the moment. */
  boolean isLowered() {
    return limit < most;
  }

  /** Calls at once; at least 1. */
  int limit() {
    return (int) limit;
  }

  void begun() {
    running++;
    filled |= running >= limit();
  }

  /** A call was not made after all. */
  void unused() {
    running--;
  }

  /**
   * A call came back.
   *
   * @param wasBad whether it was refused, or took too long, for too much load
   */
  void ended(boolean wasBad, Instant begunAt, Instant now) {
    int before = running;
    running--;
    if (begunAt.isBefore(loweredAt)) {
      return;
    }
    ended++;
    bad += wasBad ? 1 : 0;
    if (ended < Math.clamp(limit(), SHORTEST_WINDOW, LONGEST_WINDOW)) {
      return;
    }
    if (bad > ended * BAD_PART) {
      limit = Math.max(1, Math.min(limit, before) * DECREASE);
      loweredAt = now;
    } else if (filled) {
      limit = Math.min(most, limit + Math.max(1, limit * INCREASE));
    }
    ended = 0;
    bad = 0;
    filled = false;
  }
}
