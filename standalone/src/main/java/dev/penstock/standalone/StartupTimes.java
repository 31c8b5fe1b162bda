package dev.penstock.standalone;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What the time until the system was ready was made of. Thread-safe. */
final class StartupTimes {
  private final Map<String, Duration> stages = new LinkedHashMap<>();
  private final Instant began;

  /** From {@code began} on, which is usually when the JVM was started. */
  StartupTimes(Instant began) {
    this.began = began;
  }

  /** When this JVM was started. (The process is older: it was the launch script.) */
  static Instant jvmStart() {
    return Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
  }

  /** Notes how long {@code stage} took. */
  synchronized void note(String stage, Duration took) {
    stages.put(stage, took);
  }

  /** Runs {@code action} and notes how long it took. */
  void time(String stage, Runnable action) {
    long before = System.nanoTime();
    action.run();
    note(stage, Duration.ofNanos(System.nanoTime() - before));
  }

  /** From the beginning until now. */
  Duration total() {
    return Duration.between(began, Instant.now());
  }

  /** {@code JVM 0.3 s, broker 1.2 s}. */
  synchronized String describe() {
    return stages.entrySet().stream()
        .map(stage -> stage.getKey() + " " + seconds(stage.getValue()))
        .collect(Collectors.joining(", "));
  }

  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.2f s", duration.toMillis() / 1e3);
  }
}
