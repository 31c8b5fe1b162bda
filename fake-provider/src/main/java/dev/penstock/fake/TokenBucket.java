package dev.penstock.fake;

import java.time.Duration;

/**
 * A bucket that is refilled continuously. It can be overdrawn: what was not known when a call began
 * is taken when it ends. Not thread-safe; time is given in nanoseconds of one clock and never goes
 * back.
 */
final class TokenBucket {
  private static final double NANOS_A_MINUTE = 60e9;

  private final long perMinute;
  private final double capacity;
  private double level;
  private long asOf;

  TokenBucket(long perMinute, Duration burst, long now) {
    this.perMinute = perMinute;
    this.capacity = Math.max(1, perMinute * (burst.toNanos() / NANOS_A_MINUTE));
    this.level = capacity;
    this.asOf = now;
  }

  long perMinute() {
    return perMinute;
  }

  /** What a full bucket holds. */
  double capacity() {
    return capacity;
  }

  /** What there is; below zero when the bucket is overdrawn. */
  double level(long now) {
    if (now > asOf) {
      level = Math.min(capacity, level + perMinute * ((now - asOf) / NANOS_A_MINUTE));
      asOf = now;
    }
    return level;
  }

  /**
   * In how many nanoseconds {@code amount} can be taken; 0 for now. More than the bucket ever holds
   * can be taken when it is full, and leaves it overdrawn.
   */
  long nanosUntil(long amount, long now) {
    double missing = Math.min((double) amount, capacity) - level(now);
    // A millionth: sums of many small refills are not exact.
    return missing <= 1e-6 ? 0 : (long) Math.ceil(missing / perMinute * NANOS_A_MINUTE);
  }

  void take(long amount, long now) {
    level = level(now) - amount;
  }

  /** In what time the bucket is full again if nothing is taken. */
  Duration untilFull(long now) {
    return Duration.ofNanos(
        (long) Math.ceil(Math.max(0, capacity - level(now)) / perMinute * NANOS_A_MINUTE));
  }
}
