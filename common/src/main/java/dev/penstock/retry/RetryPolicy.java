package dev.penstock.retry;

import dev.penstock.job.Failure;
import dev.penstock.job.RetryRule;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: exponential backoff with full jitter (M. Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), but never less than a provider's
 * {@code Retry-After}.
 *
 * @param baseDelay the bound of the first delay
 * @param maxDelay the bound that it grows to
 * @param multiplier by how much the bound grows with each attempt, at least 1
 */
public record RetryPolicy(Duration baseDelay, Duration maxDelay, double multiplier) {
  public static final double DEFAULT_MULTIPLIER = 2;

  public RetryPolicy {
    if (!baseDelay.isPositive() || maxDelay.compareTo(baseDelay) < 0) {
      throw new IllegalArgumentException(
          "0 < baseDelay <= maxDelay, but they are " + baseDelay + " and " + maxDelay);
    }
    if (!(multiplier >= 1)) {
      throw new IllegalArgumentException("multiplier is at least 1, but is " + multiplier);
    }
  }

  /** Delays whose bound doubles with each attempt. */
  public RetryPolicy(Duration baseDelay, Duration maxDelay) {
    this(baseDelay, maxDelay, DEFAULT_MULTIPLIER);
  }

  /**
   * This policy with what {@code rule} says instead. Where the rule moves one bound of the delays
   * past the other, the other one gives way.
   */
  public RetryPolicy with(RetryRule rule) {
    Duration base = rule.baseDelay() == null ? baseDelay : rule.baseDelay();
    Duration max = rule.maxDelay() == null ? maxDelay : rule.maxDelay();
    if (base.compareTo(max) > 0) {
      base = rule.baseDelay() == null ? max : base;
      max = base;
    }
    return new RetryPolicy(base, max, rule.multiplier() == null ? multiplier : rule.multiplier());
  }

  /** The delay after attempt {@code attempt} (from 1) failed with {@code failure}. */
  public Duration delayAfter(int attempt, Failure failure, RandomGenerator random) {
    double grown = baseDelay.toMillis() * Math.pow(multiplier, attempt - 1);
    long longest = maxDelay.toMillis();
    long bound = grown < longest ? (long) grown : longest;
    return failure.retryAfter().plusMillis(random.nextLong(bound + 1));
  }
}
