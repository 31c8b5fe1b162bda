package dev.penstock.streams.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.penstock.streams.figures.Figures;
import dev.penstock.streams.figures.Figures.Count;
import dev.penstock.streams.figures.Sketch;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Figures as they are told.
 *
 * @param at the begin of the window, or null for a sum
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Point(
    @Nullable String at,
    long accepted,
    long succeeded,
    long deadLettered,
    long cancelled,
    long expired,
    Map<String, Long> failed,
    long retried,
    long calls,
    long wasted,
    long cached,
    long inputTokens,
    long outputTokens,
    long cachedTokens,
    long costNanos,
    long wastedCostNanos,
    Latency queueWait,
    Latency providerLatency,
    Latency totalLatency) {

  /**
   * How durations are distributed; all but {@code count} are 0 where there are none.
   *
   * @param meanMillis exact; the others are within {@link Sketch#RELATIVE_ERROR}
   */
  record Latency(
      long count, double meanMillis, double p50Millis, double p95Millis, double p99Millis) {
    static Latency of(Sketch sketch) {
      long mean = sketch.count() == 0 ? 0 : sketch.sumMicros() / sketch.count();
      return new Latency(
          sketch.count(),
          mean / 1_000.0,
          sketch.quantileMicros(0.5) / 1_000.0,
          sketch.quantileMicros(0.95) / 1_000.0,
          sketch.quantileMicros(0.99) / 1_000.0);
    }
  }

  static Point at(long startMillis, Figures figures) {
    return of(Times.text(Instant.ofEpochMilli(startMillis)), figures);
  }

  static Point sum(Figures figures) {
    return of(null, figures);
  }

  private static Point of(@Nullable String at, Figures figures) {
    return new Point(
        at,
        figures.count(Count.ACCEPTED),
        figures.count(Count.SUCCEEDED),
        figures.count(Count.DEAD_LETTERED),
        figures.count(Count.CANCELLED),
        figures.count(Count.EXPIRED),
        Map.copyOf(figures.failed()),
        figures.count(Count.RETRIED),
        figures.count(Count.CALLS),
        figures.count(Count.WASTED),
        figures.count(Count.CACHED),
        figures.count(Count.INPUT_TOKENS),
        figures.count(Count.OUTPUT_TOKENS),
        figures.count(Count.CACHED_TOKENS),
        figures.count(Count.COST_NANOS),
        figures.count(Count.WASTED_COST_NANOS),
        Latency.of(figures.queueWait()),
        Latency.of(figures.providerLatency()),
        Latency.of(figures.totalLatency()));
  }
}
