package dev.penstock.cli;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** How fast a count grows, over the last seconds. Not thread-safe. */
final class Rate {
  private static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int MAX_SAMPLES = 1_000;

  private final Deque<Sample> samples = new ArrayDeque<>();

  private record Sample(long nanos, long count) {}

  /** Notes that the count is {@code count} at {@code nanos} of a monotonic clock. */
  void add(long nanos, long count) {
    samples.addLast(new Sample(nanos, count));
    while (samples.size() > 2
        && (nanos - samples.getFirst().nanos() > WINDOW_NANOS || samples.size() > MAX_SAMPLES)) {
      samples.removeFirst();
    }
  }

  /** What it grows by in a second; 0 while that is not known. */
  double perSecond() {
    if (samples.size() < 2) {
      return 0;
    }
    long nanos = samples.getLast().nanos() - samples.getFirst().nanos();
    long grown = samples.getLast().count() - samples.getFirst().count();
    return nanos <= 0 ? 0 : grown * 1e9 / nanos;
  }

  /** How long {@code remaining} will take at this rate, where there is one. */
  Optional<Duration> timeFor(long remaining) {
    double rate = perSecond();
    return rate <= 0
        ? Optional.empty()
        : Optional.of(Duration.ofMillis((long) (remaining / rate * 1_000)));
  }
}
