package dev.penstock.streams.report;

import dev.penstock.streams.figures.Dimension;
import dev.penstock.streams.figures.FigureBoard;
import dev.penstock.streams.figures.JobCounts;
import dev.penstock.streams.figures.SeriesQuery;
import dev.penstock.streams.figures.WindowSize;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backlog of the partitions that this instance has, for Prometheus: added up over the instances
 * it is all of it. The largest {@link Backlog#MAX_PARTS} pairs of model and kind have labels of
 * their own, all others are {@code other}.
 */
final class BacklogGauges implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BacklogGauges.class);
  private static final Duration PERIOD = Duration.ofSeconds(5);
  private static final Duration HOUR = Duration.ofHours(1);

  private final FigureBoard board;
  private final InstantSource clock;
  private final MultiGauge jobs;
  private final MultiGauge work;
  private final MultiGauge states;
  private volatile Backlog latest = new Backlog(0, 0, 0L, null, List.of());
  private final Thread refreshing;

  BacklogGauges(FigureBoard board, InstantSource clock, MeterRegistry registry) {
    this.board = board;
    this.clock = clock;
    jobs =
        MultiGauge.builder("penstock.streams.backlog.jobs")
            .description("Jobs that are queued, running or waiting for a retry")
            .register(registry);
    work =
        MultiGauge.builder("penstock.streams.backlog.work.seconds")
            .description(
                "How long calls take for the backlog, by the mean of what jobs took lately")
            .register(registry);
    states =
        MultiGauge.builder("penstock.streams.jobs")
            .description("Jobs by state; finished ones are dropped after their retention")
            .register(registry);
    Gauge.builder(
            "penstock.streams.backlog.drain.seconds",
            this,
            gauges -> seconds(gauges.latest.drainMillis()))
        .description(
            "Until the backlog is done at the rate of the last five minutes; NaN for never")
        .register(registry);
    Gauge.builder("penstock.streams.backlog.oldest.seconds", this, gauges -> gauges.oldestSeconds())
        .description("How long the job waits that is queued longest")
        .register(registry);
    refreshing =
        Thread.ofPlatform().name("penstock-backlog-gauges").daemon().start(this::refreshAlways);
  }

  private static double seconds(@org.jspecify.annotations.Nullable Long millis) {
    return millis == null ? Double.NaN : millis / 1_000.0;
  }

  private double oldestSeconds() {
    Long oldest = latest.oldestMillis();
    return oldest == null ? 0 : seconds(oldest);
  }

  private void refreshAlways() {
    try {
      while (true) {
        try {
          refresh();
        } catch (RuntimeException e) {
          log.warn("the gauges of the backlog keep their last values", e);
        }
        Thread.sleep(PERIOD);
      }
    } catch (InterruptedException _) {
      // Closed.
    }
  }

  void refresh() {
    Instant now = clock.instant();
    JobCounts counts = board.jobs();
    var minutes =
        board.series(
            new SeriesQuery(
                WindowSize.MINUTE,
                WindowSize.MINUTE.startOf(now.minus(HOUR).toEpochMilli()),
                now.toEpochMilli(),
                List.of(Dimension.MODEL, Dimension.KIND),
                Map.of()));
    Backlog backlog = Backlog.of(counts, minutes.series(), now);
    latest = backlog;
    var jobRows = new ArrayList<MultiGauge.Row<Number>>();
    var workRows = new ArrayList<MultiGauge.Row<Number>>();
    for (Backlog.Part part : backlog.by()) {
      Tags tags = Tags.of("model", part.model(), "kind", part.kind());
      jobRows.add(MultiGauge.Row.of(tags, part.jobs()));
      workRows.add(MultiGauge.Row.of(tags, part.workMillis() / 1_000.0));
    }
    jobs.register(jobRows, true);
    work.register(workRows, true);
    var byState = new TreeMap<String, Long>();
    counts.jobs().forEach((place, count) -> byState.merge(place.state(), count, Long::sum));
    var stateRows = new ArrayList<MultiGauge.Row<Number>>();
    byState.forEach(
        (state, count) -> stateRows.add(MultiGauge.Row.of(Tags.of("state", state), count)));
    states.register(stateRows, true);
  }

  @Override
  public void close() {
    refreshing.interrupt();
  }
}
