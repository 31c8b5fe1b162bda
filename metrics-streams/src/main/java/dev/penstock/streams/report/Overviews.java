package dev.penstock.streams.report;

import dev.penstock.job.JobState;
import dev.penstock.streams.figures.Dimension;
import dev.penstock.streams.figures.Figures;
import dev.penstock.streams.figures.Figures.Count;
import dev.penstock.streams.figures.JobCounts;
import dev.penstock.streams.figures.SeriesQuery;
import dev.penstock.streams.figures.SeriesTable;
import dev.penstock.streams.figures.WindowSize;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Makes overviews, at most one a second however many ask. Thread-safe. */
final class Overviews {
  private static final Duration FRESH = Duration.ofSeconds(1);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final long MINUTE_MILLIS = 60_000;
  private static final int TOP = SeriesRequest.MAX_TOP;

  private final AllFigures figures;
  private final List<AttentionSource> sources;
  private final Supplier<Optional<String>> currency;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Overview latest;
  private Instant madeAt = Instant.MIN;

  Overviews(
      AllFigures figures,
      List<AttentionSource> sources,
      Supplier<Optional<String>> currency,
      InstantSource clock) {
    this.figures = figures;
    this.sources = List.copyOf(sources);
    this.currency = currency;
    this.clock = clock;
  }

  /** What there is now, of the last second. */
  Overview now() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      Instant now = clock.instant();
      Overview kept = latest;
      if (kept == null || !madeAt.plus(FRESH).isAfter(now) || madeAt.isAfter(now)) {
        kept = make(now);
        latest = kept;
        madeAt = now;
      }
      return kept;
    } finally {
      lock.unlock();
    }
  }

  private Overview make(Instant now) throws InterruptedException {
    JobCounts counts = figures.jobs();
    SeriesTable minutes =
        figures.series(
            request(
                WindowSize.MINUTE,
                now.minus(HOUR).toEpochMilli(),
                now.toEpochMilli(),
                List.of(Dimension.MODEL, Dimension.KIND)));
    long tenSeconds = WindowSize.TEN_SECONDS.startOf(now.toEpochMilli());
    SeriesTable lately =
        figures.series(
            request(WindowSize.TEN_SECONDS, tenSeconds - MINUTE_MILLIS, tenSeconds, List.of()));
    var told = new HashSet<>(counts.partitions());
    told.retainAll(minutes.partitions());
    told.retainAll(lately.partitions());
    boolean partial = figures.isPartial(told);
    Figures minute = sum(lately.series());
    Figures hour = sum(minutes.series());
    Backlog backlog = Backlog.of(counts, minutes.series(), now);
    return new Overview(
        Times.text(now),
        partial,
        states(counts),
        backlog,
        Map.of("1m", Point.sum(minute), "1h", Point.sum(hour)),
        new Overview.PerSecond(minute.count(Count.ACCEPTED) / 60.0, minute.finished() / 60.0),
        FigureAttention.successRate(hour),
        hour.count(Count.COST_NANOS) + hour.count(Count.WASTED_COST_NANOS),
        currency.get().orElse(null),
        attention(new FigureAttention(minutes.series(), backlog, partial, now)));
  }

  private List<Attention> attention(FigureAttention own) {
    var all = new ArrayList<>(own.now());
    sources.forEach(source -> all.addAll(source.now()));
    all.sort(Comparator.comparing(Attention::severity));
    return List.copyOf(all);
  }

  private static SeriesRequest request(
      WindowSize size, long fromMillis, long toMillis, List<Dimension> by) {
    return new SeriesRequest(
        new SeriesQuery(size, size.startOf(fromMillis), toMillis, by, Map.of()), TOP);
  }

  private static Map<String, Long> states(JobCounts counts) {
    var states = new TreeMap<String, Long>();
    for (JobState state : JobState.values()) {
      states.put(state.wireName(), 0L);
    }
    counts.jobs().forEach((place, count) -> states.merge(place.state(), count, Long::sum));
    return states;
  }

  private static Figures sum(Map<List<String>, NavigableMap<Long, Figures>> series) {
    var sum = new Figures();
    series.values().forEach(windows -> windows.values().forEach(sum::add));
    return sum;
  }
}
