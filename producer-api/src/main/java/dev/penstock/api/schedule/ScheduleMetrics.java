package dev.penstock.api.schedule;

import dev.penstock.runtime.ops.Buckets;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What is counted about schedules. Thread-safe. */
final class ScheduleMetrics {
  private final Counter fired;
  private final Counter misfired;
  private final Counter overlapped;
  private final Timer lateness;

  /** By partition, of those that this intake owns. */
  private final Map<Integer, Integer> counts = new ConcurrentHashMap<>();

  ScheduleMetrics(MeterRegistry registry) {
    this.fired = counter(registry, "fired", "Jobs that schedules fired");
    this.misfired =
        counter(registry, "misfired", "Fire times that fired no job because they were late");
    this.overlapped =
        counter(
            registry,
            "overlapped",
            "Fire times that fired no job because the former one had not ended");
    this.lateness =
        Timer.builder("penstock.api.schedule.lateness")
            .description("From the time that a schedule names to its job being durable")
            .serviceLevelObjectives(Buckets.waits())
            .register(registry);
    Gauge.builder(
            "penstock.api.schedules",
            counts,
            all -> all.values().stream().mapToInt(Integer::intValue).sum())
        .description("Schedules that this intake fires")
        .register(registry);
  }

  private static Counter counter(MeterRegistry registry, String name, String description) {
    return Counter.builder("penstock.api.schedule." + name)
        .description(description)
        .register(registry);
  }

  void settled(Plan.Settle settled, Instant now) {
    fired.increment(settled.fire().size());
    misfired.increment(settled.misfired());
    overlapped.increment(settled.overlapped());
    for (Instant time : settled.fire()) {
      Duration late = Duration.between(time, now);
      lateness.record(late.isNegative() ? Duration.ZERO : late);
    }
  }

  /** So many times fire no job since their schedule was changed before they were decided. */
  void misfired(long count) {
    misfired.increment((double) count);
  }

  /** The partition has so many schedules; 0 when it is not ours. */
  void schedules(int partition, int count) {
    if (count == 0) {
      counts.remove(partition);
    } else {
      counts.put(partition, count);
    }
  }
}
