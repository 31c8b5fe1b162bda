package dev.penstock.streams.figures;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which figures are asked for.
 *
 * @param size how long the windows are
 * @param fromMillis the begin of the first window, since the epoch
 * @param toMillis before which the last window begins
 * @param by what the series are told apart by; none for one series of all
 * @param only the values that count, for those dimensions that have any
 */
public record SeriesQuery(
    WindowSize size,
    long fromMillis,
    long toMillis,
    List<Dimension> by,
    Map<Dimension, Set<String>> only) {
  public SeriesQuery {
    by = List.copyOf(by);
    only = Map.copyOf(only);
  }

  boolean takes(Subject subject) {
    for (Map.Entry<Dimension, Set<String>> each : only.entrySet()) {
      if (!each.getValue().contains(each.getKey().of(subject))) {
        return false;
      }
    }
    return true;
  }

  List<String> labels(Subject subject) {
    return by.stream().map(dimension -> dimension.of(subject)).toList();
  }
}
