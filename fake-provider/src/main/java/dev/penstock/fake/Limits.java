package dev.penstock.fake;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What one key may use. Each of {@code requestsPerMinute} and {@code tokensPerMinute} is a bucket
 * that is refilled continuously and starts full.
 *
 * @param requestsPerMinute calls, or 0 for any number
 * @param tokensPerMinute tokens of input and output, or 0 for any number
 * @param concurrency calls at once, or 0 for any number
 * @param burst what a bucket holds when it is full: what flows in within this time, at least one
 *     call or token
 */
public record Limits(
    long requestsPerMinute, long tokensPerMinute, int concurrency, Duration burst) {
  /** The highest rate, and the most calls at once, that can be set. */
  public static final long MAX_PER_MINUTE = 1_000_000_000_000L;

  /** The shortest and the longest burst. */
  public static final Duration MIN_BURST = Duration.ofMillis(1);

  public static final Duration MAX_BURST = Duration.ofMinutes(1);

  /** Unless another is set. */
  public static final Duration DEFAULT_BURST = Duration.ofSeconds(1);

  /** No limits. */
  public static final Limits NONE = new Limits(0, 0, 0, DEFAULT_BURST);

  /**
   * Limits within their bounds.
   *
   * @throws IllegalArgumentException with all that is out of bounds
   */
  public Limits {
    var errors = new ArrayList<String>();
    check(errors, "requestsPerMinute", requestsPerMinute, MAX_PER_MINUTE);
    check(errors, "tokensPerMinute", tokensPerMinute, MAX_PER_MINUTE);
    check(errors, "concurrency", concurrency, Integer.MAX_VALUE);
    if (burst.compareTo(MIN_BURST) < 0 || burst.compareTo(MAX_BURST) > 0) {
      errors.add("burst is " + burst + ", but must be from " + MIN_BURST + " to " + MAX_BURST);
    }
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", errors));
    }
  }

  private static void check(List<String> errors, String name, long value, long max) {
    if (value < 0 || value > max) {
      errors.add(name + " is " + value + ", but must be from 0 (no limit) to " + max);
    }
  }
}
