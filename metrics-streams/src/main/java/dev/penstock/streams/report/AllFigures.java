package dev.penstock.streams.report;

import dev.penstock.codec.Json;
import dev.penstock.streams.figures.FailureTable;
import dev.penstock.streams.figures.FigureBoard;
import dev.penstock.streams.figures.JobCounts;
import dev.penstock.streams.figures.RecentChanges.News;
import dev.penstock.streams.figures.SeriesTable;
import dev.penstock.streams.query.Peers;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.streams.state.HostInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The figures of all partitions: those that are here and those that other instances tell. An answer
 * lacks the partitions that are being restored or moved, or whose instance does not answer.
 * Thread-safe.
 */
final class AllFigures implements AutoCloseable {
  static final String SERIES = "/internal/v1/figures/series";
  static final String JOBS = "/internal/v1/figures/jobs";
  static final String FAILURES = "/internal/v1/figures/failures";
  static final String CHANGES = "/internal/v1/figures/changes";

  private static final Logger log = LoggerFactory.getLogger(AllFigures.class);

  private final FigureBoard board;
  private final Peers others;
  private final int partitions;

  AllFigures(FigureBoard board, Peers others, int partitions) {
    this.board = board;
    this.others = others;
    this.partitions = partitions;
  }

  FigureBoard board() {
    return board;
  }

  SeriesTable series(SeriesRequest request) throws InterruptedException {
    SeriesTable table = board.series(request.query());
    for (byte[] answer : elsewhere(SERIES + "?" + request.toQueryString())) {
      try {
        table.add(SeriesTable.read(answer));
      } catch (IllegalArgumentException e) {
        unreadable(e);
      }
    }
    return table;
  }

  JobCounts jobs() throws InterruptedException {
    JobCounts counts = board.jobs();
    for (byte[] answer : elsewhere(JOBS)) {
      try {
        counts.add(JobCounts.read(answer));
      } catch (IllegalArgumentException e) {
        unreadable(e);
      }
    }
    return counts;
  }

  FailureTable failures() throws InterruptedException {
    FailureTable table = board.failures();
    for (byte[] answer : elsewhere(FAILURES)) {
      try {
        table.add(FailureTable.read(answer));
      } catch (IllegalArgumentException e) {
        unreadable(e);
      }
    }
    return table;
  }

  /**
   * What changed at the other instances.
   *
   * @param from from which number on, for each of them
   */
  Map<HostInfo, News> changesElsewhere(Function<HostInfo, Long> from) throws InterruptedException {
    var all = new LinkedHashMap<HostInfo, News>();
    others
        .ask(host -> CHANGES + "?from=" + from.apply(host))
        .given()
        .forEach((host, answer) -> all.put(host, Json.MAPPER.readValue(answer, News.class)));
    return all;
  }

  /** The other instances' parts; that one is missing shows by its partitions. */
  Collection<byte[]> elsewhere(String path) throws InterruptedException {
    return others.ask(path).given().values();
  }

  /** Whether some partition is told of by nobody. */
  boolean isPartial(Set<Integer> told) {
    return told.size() < partitions;
  }

  /** As while instances of two versions run. */
  private static void unreadable(IllegalArgumentException e) {
    log.warn("another instance tells figures that can't be read; they are left out", e);
  }

  @Override
  public void close() {
    others.close();
  }
}
