package dev.penstock.fake;

import dev.penstock.fake.Admission.Kind;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the limits of one key. A call takes one request and its input tokens when it comes, and its
 * output tokens when it ends, as they are known only then; so the tokens can be overdrawn, and
 * calls are refused until that is refilled. Thread-safe.
 */
final class KeyLimits {
  private final Limits limits;
  private final @Nullable TokenBucket requests;
  private final @Nullable TokenBucket tokens;
  private int running;

  KeyLimits(Limits limits, long now) {
    this.limits = limits;
    this.requests = bucket(limits.requestsPerMinute(), limits, now);
    this.tokens = bucket(limits.tokensPerMinute(), limits, now);
  }

  private static @Nullable TokenBucket bucket(long perMinute, Limits limits, long now) {
    return perMinute == 0 ? null : new TokenBucket(perMinute, limits.burst(), now);
  }

  Limits limits() {
    return limits;
  }

  /** Lets a call in, or says which limit it hits first. */
  synchronized Admission admit(long inputTokens, long now) {
    if (limits.concurrency() > 0 && running >= limits.concurrency()) {
      return new Admission.Refused(
          Kind.CONCURRENCY, limits.concurrency(), running, 1, Duration.ZERO);
    }
    if (requests != null && requests.nanosUntil(1, now) > 0) {
      return refused(Kind.REQUESTS, requests, 1, now);
    }
    if (tokens != null && tokens.nanosUntil(inputTokens, now) > 0) {
      return refused(Kind.TOKENS, tokens, inputTokens, now);
    }
    running++;
    if (requests != null) {
      requests.take(1, now);
    }
    if (tokens != null) {
      tokens.take(inputTokens, now);
    }
    return new Admission.Admitted();
  }

  /** Ends a call that was let in. */
  synchronized void settle(long outputTokens, long now) {
    running--;
    if (tokens != null) {
      tokens.take(outputTokens, now);
    }
  }

  synchronized LimitState state(long now) {
    return new LimitState(gauge(requests, now), gauge(tokens, now));
  }

  private static LimitState.@Nullable Gauge gauge(@Nullable TokenBucket bucket, long now) {
    return bucket == null
        ? null
        : new LimitState.Gauge(
            bucket.perMinute(),
            (long) Math.floor(Math.max(0, bucket.level(now)) + 1e-6),
            bucket.untilFull(now));
  }

  private static Admission.Refused refused(
      Kind kind, TokenBucket bucket, long requested, long now) {
    long used = bucket.perMinute() - (long) Math.floor(Math.max(0, bucket.level(now)));
    return new Admission.Refused(
        kind,
        bucket.perMinute(),
        used,
        requested,
        Duration.ofNanos(bucket.nanosUntil(requested, now)));
  }
}
