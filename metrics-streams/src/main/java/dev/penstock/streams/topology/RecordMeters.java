package dev.penstock.streams.topology;

import dev.penstock.streams.view.Input;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Counts the records that were read, by topic and by what they came to. Thread-safe. */
public final class RecordMeters {
  enum Reading {
    /** The view changed. */
    FOLDED,
    /** The record said nothing new. */
    KNOWN,
    /** No one can read it; it was skipped. */
    UNREADABLE
  }

  private final Map<Input, Map<Reading, Counter>> counters = new EnumMap<>(Input.class);
  private final Counter dropped;

  public RecordMeters(MeterRegistry registry) {
    for (Input input : Input.values()) {
      var byReading = new EnumMap<Reading, Counter>(Reading.class);
      for (Reading reading : Reading.values()) {
        byReading.put(
            reading,
            Counter.builder("penstock.streams.records")
                .description("Records read into the view")
                .tag("input", input.name().toLowerCase(Locale.ROOT))
                .tag("reading", reading.name().toLowerCase(Locale.ROOT))
                .register(registry));
      }
      counters.put(input, byReading);
    }
    dropped =
        Counter.builder("penstock.streams.jobs.dropped")
            .description("Finished jobs dropped from the view after their retention")
            .register(registry);
  }

  void count(Input input, Reading reading) {
    Objects.requireNonNull(Objects.requireNonNull(counters.get(input)).get(reading)).increment();
  }

  void countDropped(int jobs) {
    dropped.increment(jobs);
  }
}
