package dev.penstock.streams.figures;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.Change;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.apache.kafka.streams.errors.InvalidStateStoreException;

/**
 * The figures of the partitions that this instance has at the moment. Thread-safe. What is read is
 * of slightly different moments for different partitions and windows, each of them whole.
 */
public final class FigureBoard {
  private final ConcurrentHashMap<Integer, FigureStore> partitions = new ConcurrentHashMap<>();
  private final RecentChanges changes = new RecentChanges();
  private final Retentions retentions;
  private final FigureMeters meters;

  public FigureBoard(Retentions retentions, MeterRegistry registry) {
    this.retentions = retentions;
    this.meters = new FigureMeters(registry);
  }

  public Retentions retentions() {
    return retentions;
  }

  FigureStore.Late late() {
    return meters;
  }

  /** How many happenings were not counted since the start, because they were read too late. */
  public double lost() {
    return meters.lost();
  }

  /** Which jobs changed lately. */
  public RecentChanges changes() {
    return changes;
  }

  void begin(int partition, FigureStore store) {
    partitions.put(partition, store);
  }

  void end(int partition, FigureStore store) {
    partitions.remove(partition, store);
  }

  void changed(JobId id, Change change) {
    if (change.after().isShown() && !change.after().equals(change.before())) {
      changes.add(id, change.after());
    }
  }

  /** The windows that are asked for, of the partitions that are here. */
  public SeriesTable series(SeriesQuery query) {
    var table = new SeriesTable();
    each((partition, store) -> {
      var part = new SeriesTable();
      part.add(partition, store, query);
      table.add(part);
    });
    return table;
  }

  /** How many jobs there are now, of the partitions that are here. */
  public JobCounts jobs() {
    var counts = new JobCounts();
    each((partition, store) -> {
      var part = new JobCounts();
      part.add(partition, store);
      counts.add(part);
    });
    return counts;
  }

  /** The groups of failures, of the partitions that are here. */
  public FailureTable failures() {
    var table = new FailureTable();
    each((partition, store) -> {
      var part = new FailureTable();
      part.add(partition, store);
      table.add(part);
    });
    return table;
  }

  /**
   * A partition that is given up meanwhile is left out, and not named among those that are told.
   */
  private void each(BiConsumer<Integer, FigureStore> reader) {
    for (Map.Entry<Integer, FigureStore> each : partitions.entrySet()) {
      try {
        reader.accept(each.getKey(), each.getValue());
      } catch (InvalidStateStoreException _) {
        // Closed while it was read: it moves to another instance.
        partitions.remove(each.getKey(), each.getValue());
      }
    }
  }
}
