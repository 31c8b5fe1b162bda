package dev.penstock.retry;

import dev.penstock.job.Failure;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: exponential backoff with full jitter (M. Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), but never less than a provider's
 * {@code Retry-After}.
 *
 * @param baseDelay the bound of the first delay; doubles with each attempt
 * @param maxDelay the bound that it grows to
 */
public record RetryPolicy(Duration baseDelay, Duration maxDelay) {
  public RetryPolicy {
    if (!baseDelay.isPositive() || maxDelay.compareTo(baseDelay) < 0) {
      throw new IllegalArgumentException(
          "0 < baseDelay <= maxDelay, but they are " + baseDelay + " and " + maxDelay);
    }
  }

  /** The delay after attempt {@code attempt} (from 1) failed with {@code failure}. */
  public Duration delayAfter(int attempt, Failure failure, RandomGenerator random) {
    long bound = baseDelay.toMillis();
    for (int i = 1; i < attempt && bound < maxDelay.toMillis(); i++) {
      bound *= 2;
    }
    bound = Math.min(bound, maxDelay.toMillis());
    Duration jittered = Duration.ofMillis(random.nextLong(bound + 1));
    return failure instanceof Failure.Throttled throttled
        ? throttled.retryAfter().plus(jittered)
        : jittered;
  }
}
