package dev.penstock.streams.figures;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** Counts what could not be counted in its window. Thread-safe. */
final class FigureMeters implements FigureStore.Late {
  private final Map<WindowSize, Counter> late = new EnumMap<>(WindowSize.class);
  private final Counter ahead;

  FigureMeters(MeterRegistry registry) {
    for (WindowSize size : WindowSize.values()) {
      late.put(size, counter(registry, size.wireName()));
    }
    ahead = counter(registry, "ahead");
  }

  private static Counter counter(MeterRegistry registry, String window) {
    return Counter.builder("penstock.streams.late.records")
        .description(
            "Happenings that were read after their window was dropped, or whose time lies too far"
                + " ahead (window=\"ahead\")")
        .tag("window", window)
        .register(registry);
  }

  @Override
  public void late(WindowSize size) {
    Objects.requireNonNull(late.get(size)).increment();
  }

  @Override
  public void ahead() {
    ahead.increment();
  }

  /** How many so far came too late for the window that is kept longest. */
  double lost() {
    return Objects.requireNonNull(late.get(WindowSize.HOUR)).count() + ahead.count();
  }
}
