package dev.penstock.streams.report;

import dev.penstock.streams.figures.Dimension;
import dev.penstock.streams.figures.Figures;
import dev.penstock.streams.figures.Figures.Count;
import dev.penstock.streams.figures.SeriesTable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The answer to {@code GET /v1/metrics}. A window in which nothing happened is left out.
 *
 * @param currency of costs; null where no worker tells of prices
 */
record MetricsAnswer(
    String window,
    String from,
    String to,
    boolean partial,
    @Nullable String currency,
    List<Series> series) {

  /** One series: its points by rising time, and their sum. */
  record Series(Map<String, String> labels, List<Point> points, Point sum) {}

  private record Sorted(List<String> labels, NavigableMap<Long, Figures> windows, Figures sum) {
    long weight() {
      return sum.count(Count.ACCEPTED) + sum.finished() + sum.count(Count.CALLS);
    }
  }

  static MetricsAnswer of(
      SeriesRequest request, SeriesTable table, boolean partial, @Nullable String currency) {
    var all = new ArrayList<Sorted>();
    table.series().forEach((labels, windows) -> all.add(sorted(labels, windows)));
    all.sort(
        Comparator.comparingLong(Sorted::weight)
            .reversed()
            .thenComparing(each -> String.join("\n", each.labels)));
    var told = new ArrayList<Series>();
    for (Sorted each : all.subList(0, Math.min(request.top(), all.size()))) {
      told.add(series(labels(request.query().by(), each.labels), each));
    }
    if (all.size() > request.top()) {
      var others = new TreeMap<Long, Figures>();
      for (Sorted each : all.subList(request.top(), all.size())) {
        each.windows.forEach(
            (start, figures) -> others.computeIfAbsent(start, _ -> new Figures()).add(figures));
      }
      told.add(series(Map.of("other", "true"), sorted(List.of(), others)));
    }
    return new MetricsAnswer(
        request.query().size().wireName(),
        Times.text(Instant.ofEpochMilli(request.query().fromMillis())),
        Times.text(Instant.ofEpochMilli(request.query().toMillis())),
        partial,
        currency,
        told);
  }

  private static Sorted sorted(List<String> labels, NavigableMap<Long, Figures> windows) {
    var sum = new Figures();
    windows.values().forEach(sum::add);
    return new Sorted(labels, windows, sum);
  }

  private static Map<String, String> labels(List<Dimension> by, List<String> values) {
    var labels = new LinkedHashMap<String, String>();
    for (int i = 0; i < by.size(); i++) {
      labels.put(by.get(i).wireName(), values.get(i));
    }
    return labels;
  }

  private static Series series(Map<String, String> labels, Sorted of) {
    var points = new ArrayList<Point>(of.windows.size());
    of.windows.forEach((start, figures) -> points.add(Point.at(start, figures)));
    return new Series(labels, points, Point.sum(of.sum));
  }
}
