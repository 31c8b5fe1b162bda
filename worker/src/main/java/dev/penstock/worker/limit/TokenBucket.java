package dev.penstock.worker.limit;

import java.time.Duration;
import java.time.Instant;

/**
 * Lets an amount a minute through: a token bucket (as in ATM's generic cell rate algorithm and RFC
 * 2697) that begins empty and holds one second's worth, at least one unit. So what goes through in
 * any time is at most the rate over that time, one second's worth or one unit, and the excess of
 * the last that went through.
 *
 * <p>What costs more than the bucket holds goes through when it is full and leaves a debt. The
 * amounts are real numbers; at a billion a minute their error is far below one unit.
 *
 * <p>Not thread-safe; time is what it is told, and does not run backwards.
 */
final class TokenBucket {
  /** How long unused rate is kept. */
  static final Duration BURST = Duration.ofSeconds(1);

  private static final double NANOS_A_MINUTE = 60e9;

  private double level;
  private double perNano;
  private Instant at;
  private Instant closedUntil = Instant.MIN;

  TokenBucket(Instant now) {
    this.at = now;
  }

  /** From now on so much a minute. What is there stays, as far as the new rate would keep it. */
  void rate(double perMinute, Instant now) {
    pass(now);
    perNano = perMinute / NANOS_A_MINUTE;
    level = Math.min(level, capacity());
  }

  /** When {@code cost} may go through: {@code now}, later, or {@link Instant#MAX} at no rate. */
  Instant freeAt(double cost, Instant now) {
    pass(now);
    if (perNano <= 0) {
      return Instant.MAX;
    }
    double missing = Math.min(cost, capacity()) - level;
    if (missing <= 0) {
      return closedUntil.isAfter(now) ? closedUntil : now;
    }
    double nanos = Math.ceil(missing / perNano) + 1;
    Instant free = nanos > 1e18 ? Instant.MAX : now.plusNanos((long) nanos);
    return closedUntil.isAfter(free) ? closedUntil : free;
  }

  /** Takes {@code cost} out, also where that leaves a debt. */
  void take(double cost, Instant now) {
    pass(now);
    level -= cost;
  }

  /** Puts back what was taken and not used; beyond what the bucket holds it is lost. */
  void giveBack(double amount, Instant now) {
    pass(now);
    level = Math.min(level + amount, capacity());
  }

  /** No more than {@code most} of what is there is still there. */
  void drainTo(double most, Instant now) {
    pass(now);
    level = Math.min(level, most);
  }

  /** Nothing goes through before {@code until}, and nothing is saved up till then. */
  void closeUntil(Instant until) {
    level = Math.min(level, 0);
    if (until.isAfter(closedUntil)) {
      closedUntil = until;
    }
  }

  /** The most that it holds. */
  private double capacity() {
    return perNano <= 0 ? 0 : Math.max(1, perNano * BURST.toNanos());
  }

  private void pass(Instant now) {
    if (!now.isAfter(at)) {
      return;
    }
    Instant from = closedUntil.isAfter(at) ? closedUntil : at;
    if (now.isAfter(from)) {
      double nanos = Duration.between(from, now).toNanos();
      level = Math.min(level + nanos * perNano, Math.max(level, capacity()));
    }
    at = now;
  }
}
