package dev.penstock.streams.report;

import dev.penstock.job.JobState;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  private final Rows jobs;
  private final Rows work;
  private final Rows states;
  private volatile Backlog latest = new Backlog(0, 0, 0L, null, List.of());
  private final Thread refreshing;

  /**
   * Values by their labels. A row that stays is never registered anew: a page that is made while a
   * gauge is taken out and put in again can hold it twice, and then there is none.
   */
  private static final class Rows {
    private final MultiGauge gauge;
    private volatile Map<Tags, Number> values = Map.of();

    Rows(MultiGauge gauge) {
      this.gauge = gauge;
    }

    void show(Map<Tags, Number> now) {
      values = Map.copyOf(now);
      var rows = new ArrayList<MultiGauge.Row<?>>();
      for (Tags tags : now.keySet()) {
        rows.add(MultiGauge.Row.of(tags, this, each -> each.value(tags)));
      }
      gauge.register(rows, false);
    }

    private double value(Tags tags) {
      return values.getOrDefault(tags, 0).doubleValue();
    }
  }

  BacklogGauges(FigureBoard board, InstantSource clock, MeterRegistry registry) {
    this.board = board;
    this.clock = clock;
    jobs =
        new Rows(
            MultiGauge.builder("penstock.streams.backlog.jobs")
                .description("Jobs that are queued, running or waiting for a retry")
                .register(registry));
    work =
        new Rows(
            MultiGauge.builder("penstock.streams.backlog.work.seconds")
                .description(
                    "How long calls take for the backlog, by the mean of what jobs took lately")
                .register(registry));
    states =
        new Rows(
            MultiGauge.builder("penstock.streams.jobs")
                .description("Jobs by state; finished ones are dropped after their retention")
                .register(registry));
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
    var jobsNow = new HashMap<Tags, Number>();
    var workNow = new HashMap<Tags, Number>();
    for (Backlog.Part part : backlog.by()) {
      Tags tags = Tags.of("model", part.model(), "kind", part.kind());
      jobsNow.put(tags, part.jobs());
      workNow.put(tags, part.workMillis() / 1_000.0);
    }
    var statesNow = new HashMap<Tags, Number>();
    for (JobState state : JobState.values()) {
      statesNow.put(Tags.of("state", state.wireName()), 0L);
    }
    counts
        .jobs()
        .forEach((place, count) ->
            statesNow.merge(
                Tags.of("state", place.state()), count, (a, b) -> a.longValue() + b.longValue()));
    jobs.show(jobsNow);
    work.show(workNow);
    states.show(statesNow);
  }

  @Override
  public void close() {
    refreshing.interrupt();
  }
}
