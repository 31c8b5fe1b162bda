package dev.penstock.replayer.replay;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many through a second. It begins empty, and what is not used within half a second is
 * lost: in any time there pass at most the rate times that time, plus one or half a second's worth.
 */
final class TokenBucket {
  private static final double KEPT_SECONDS = 0.5;
  private static final double NANOS = 1e9;

  private final double perSecond;
  private double tokens;
  private Instant at;

  TokenBucket(double perSecond, Instant now) {
    this.perSecond = perSecond;
    this.at = now;
  }

  double perSecond() {
    return perSecond;
  }

  /** How many may pass now. */
  int available(Instant now) {
    refill(now);
    return (int) tokens;
  }

  void take(int count) {
    tokens -= count;
  }

  /** When one may pass; null when one may now. */
  @Nullable Instant next(Instant now) {
    refill(now);
    return tokens >= 1 ? null : now.plusNanos((long) Math.ceil((1 - tokens) / perSecond * NANOS));
  }

  /** A clock that goes back gives nothing and takes nothing. */
  private void refill(Instant now) {
    double passed = Math.max(0, Duration.between(at, now).toNanos() / NANOS);
    tokens = Math.min(Math.max(1, perSecond * KEPT_SECONDS), tokens + passed * perSecond);
    at = now;
  }
}
