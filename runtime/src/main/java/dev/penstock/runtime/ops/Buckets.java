package dev.penstock.runtime.ops;

import java.time.Duration;
import java.util.Arrays;

/**
 * The upper bounds of histograms. Fixed and the same in every service, so that {@code
 * histogram_quantile} works over instances, versions and time.
 */
public final class Buckets {
  private static final long[] EXCHANGE_MILLIS = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000
  };
  private static final long[] CALL_MILLIS = {
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 1_800_000
  };
  private static final long[] WAIT_MILLIS = {
    10,
    25,
    50,
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    30_000,
    60_000,
    300_000,
    900_000,
    3_600_000,
    14_400_000,
    86_400_000
  };

  private Buckets() {}

  /** For what takes milliseconds: requests, acknowledgements, transactions. 1 ms to 30 s. */
  public static Duration[] exchanges() {
    return durations(EXCHANGE_MILLIS);
  }

  /** For calls of providers: 10 ms to 30 min. */
  public static Duration[] calls() {
    return durations(CALL_MILLIS);
  }

  /** For what jobs wait and last: 10 ms to a day. */
  public static Duration[] waits() {
    return durations(WAIT_MILLIS);
  }

  private static Duration[] durations(long[] millis) {
    return Arrays.stream(millis).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
  }
}
