package dev.penstock.job;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a job's retries are to be spaced; what is null is as the workers have it for the job's kind.
 *
 * @param baseDelay the bound of the first delay
 * @param maxDelay the bound that delays grow to
 * @param multiplier by how much the bound grows with each attempt, 1 to {@link #MAX_MULTIPLIER}
 */
public record RetryRule(
    @Nullable Duration baseDelay, @Nullable Duration maxDelay, @Nullable Double multiplier) {
  public static final Duration MAX_DELAY = Duration.ofDays(30);
  public static final double MAX_MULTIPLIER = 10;

  public RetryRule {
    check(isDelay(baseDelay), "baseDelay is more than 0 and at most " + MAX_DELAY);
    check(isDelay(maxDelay), "maxDelay is more than 0 and at most " + MAX_DELAY);
    check(
        baseDelay == null || maxDelay == null || baseDelay.compareTo(maxDelay) <= 0,
        "baseDelay is at most maxDelay");
    check(
        multiplier == null || (multiplier >= 1 && multiplier <= MAX_MULTIPLIER),
        "multiplier is 1 to " + MAX_MULTIPLIER);
  }

  private static boolean isDelay(@Nullable Duration delay) {
    return delay == null || (delay.isPositive() && delay.compareTo(MAX_DELAY) <= 0);
  }

  private static void check(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(rule);
    }
  }
}
