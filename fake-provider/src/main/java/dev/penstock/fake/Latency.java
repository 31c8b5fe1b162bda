package dev.penstock.fake;

import java.time.Duration;

/** How long answers take. */
sealed interface Latency {
  /** No call takes longer than this. */
  Duration MAX = Duration.ofHours(1);

  Latency NONE = new Constant(Duration.ZERO);

  /** The latency of one call. */
  Duration of(long mixed);

  /** The same for each. */
  record Constant(Duration time) implements Latency {
    @Override
    public Duration of(long mixed) {
      return time;
    }
  }

  /**
   * Log-normal: half of the calls are faster than the median.
   *
   * @param sigma the standard deviation of the logarithm
   * @param max no call takes longer
   */
  record LogNormal(Duration median, double sigma, Duration max) implements Latency {
    @Override
    public Duration of(long mixed) {
      double nanos = median.toNanos() * Math.exp(sigma * Mix.gaussian(mixed));
      return Duration.ofNanos((long) Math.min(nanos, (double) max.toNanos()));
    }
  }
}
