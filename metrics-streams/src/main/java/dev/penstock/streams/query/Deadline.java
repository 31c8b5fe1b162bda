package dev.penstock.streams.query;

import java.time.Duration;

/** How long a request may still wait. */
final class Deadline {
  private final long atNanos;

  Deadline(Duration fromNow) {
    atNanos = System.nanoTime() + fromNow.toNanos();
  }

  /** What is left, zero when the time is up. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, atNanos - System.nanoTime()));
  }
}
