package dev.penstock.streams.figures;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Series of windows, of some partitions; those of others are added. Not thread-safe. */
public final class SeriesTable {
  private final TreeSet<Integer> partitions = new TreeSet<>();
  private final Map<List<String>, NavigableMap<Long, Figures>> series = new HashMap<>();

  /** Whose figures these are. */
  public Set<Integer> partitions() {
    return partitions;
  }

  /** Windows by their begin, by labels in the order of the query. */
  public Map<List<String>, NavigableMap<Long, Figures>> series() {
    return series;
  }

  void add(int partition, FigureStore store, SeriesQuery query) {
    var labels = new HashMap<Subject, List<String>>();
    store.windows(
        query.size(),
        query.fromMillis(),
        query.toMillis(),
        (place, figures) -> {
          if (query.takes(place.subject())) {
            add(
                labels.computeIfAbsent(place.subject(), query::labels),
                place.startMillis(),
                figures);
          }
        });
    partitions.add(partition);
  }

  /** Adds the figures of other partitions; partitions that are here already are told once. */
  public void add(SeriesTable other) {
    partitions.addAll(other.partitions);
    other.series.forEach(
        (labels, windows) -> windows.forEach((start, figures) -> add(labels, start, figures)));
  }

  private void add(List<String> labels, long startMillis, Figures figures) {
    series
        .computeIfAbsent(labels, _ -> new TreeMap<>())
        .computeIfAbsent(startMillis, _ -> new Figures())
        .add(figures);
  }

  /** As instances tell each other. */
  public byte[] toBytes() {
    var out = new Packed.Writer();
    Packed.writeNumbers(out, partitions);
    out.number(series.size());
    series.forEach((labels, windows) -> {
      out.number(labels.size());
      labels.forEach(out::text);
      out.number(windows.size());
      windows.forEach((start, figures) -> {
        out.number(start);
        figures.write(out);
      });
    });
    return out.toBytes();
  }

  /**
   * What {@link #toBytes} wrote.
   *
   * @throws IllegalArgumentException when it is something else
   */
  public static SeriesTable read(byte[] bytes) {
    var in = new Packed.Reader(bytes);
    var table = new SeriesTable();
    table.partitions.addAll(Packed.readNumbers(in));
    int count = in.length();
    for (int i = 0; i < count; i++) {
      int dimensions = in.length();
      var labels = new ArrayList<String>(dimensions);
      for (int j = 0; j < dimensions; j++) {
        labels.add(in.text());
      }
      int windows = in.length();
      for (int j = 0; j < windows; j++) {
        table.add(List.copyOf(labels), in.number(), Figures.read(in));
      }
    }
    return table;
  }
}
