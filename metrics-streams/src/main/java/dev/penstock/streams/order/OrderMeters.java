package dev.penstock.streams.order;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts the ordered records by what they came to. Thread-safe. */
public final class OrderMeters {
  private final Counter through;
  private final Counter parked;
  private final Counter freed;
  private final Counter ignored;
  private final Counter unreadable;

  public OrderMeters(MeterRegistry registry) {
    through = counter(registry, "through");
    parked = counter(registry, "parked");
    freed = counter(registry, "freed");
    ignored = counter(registry, "ignored");
    unreadable = counter(registry, "unreadable");
  }

  private static Counter counter(MeterRegistry registry, String step) {
    return Counter.builder("penstock.streams.ordered.records")
        .description("Records of ordered jobs by what they came to")
        .tag("step", step)
        .register(registry);
  }

  void count(Sequencer.Step step) {
    Counter counter =
        switch (step) {
          case Sequencer.Step.Through _ -> through;
          case Sequencer.Step.Parked _ -> parked;
          case Sequencer.Step.Freed _ -> freed;
          case Sequencer.Step.Ignored _ -> ignored;
        };
    counter.increment();
  }

  void countUnreadable() {
    unreadable.increment();
  }
}
