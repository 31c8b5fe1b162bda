package dev.penstock.fake;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the limits of a key stand, for the headers of an answer.
 *
 * @param requests of calls, or null when they have no limit
 * @param tokens of tokens, or null when they have no limit
 */
record LimitState(@Nullable Gauge requests, @Nullable Gauge tokens) {
  static final LimitState NONE = new LimitState(null, null);

  /** What a scripted 429 shows where no limits are kept. */
  static LimitState nothingLeft(Duration resetAfter) {
    return new LimitState(new Gauge(500, 0, resetAfter), new Gauge(30_000, 0, resetAfter));
  }

  /**
   * One limit.
   *
   * @param perMinute the limit
   * @param remaining how much can be used at this moment
   * @param resetAfter in what time the bucket is full
   */
  record Gauge(long perMinute, long remaining, Duration resetAfter) {}
}
