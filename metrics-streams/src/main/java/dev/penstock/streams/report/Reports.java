package dev.penstock.streams.report;

import dev.penstock.streams.figures.FigureBoard;
import dev.penstock.streams.query.Peers;
import dev.penstock.streams.query.Queries;
import dev.penstock.streams.query.StallGuard;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.state.HostInfo;

/** What it takes to tell of all jobs together, put together. */
public record Reports(
    AllFigures figures,
    Overviews overviews,
    LiveStreams live,
    BacklogGauges gauges,
    StallGuard guard)
    implements AutoCloseable {
  /** For the parts of the other instances. */
  private static final Duration PART_TIMEOUT = Duration.ofSeconds(3);

  private static final int MAX_PART_BYTES = 32 << 20;

  /**
   * What is told of.
   *
   * @param self how other instances know this one
   * @param partitions how many there are in all
   */
  public record View(FigureBoard board, KafkaStreams streams, HostInfo self, int partitions) {}

  /**
   * Puts it together.
   *
   * @param sources who else knows of what needs attention
   */
  public static Reports of(
      View view,
      List<AttentionSource> sources,
      Queries.Limits limits,
      InstantSource clock,
      MeterRegistry registry) {
    var figures =
        new AllFigures(
            view.board,
            new Peers(() -> others(view), PART_TIMEOUT, MAX_PART_BYTES),
            view.partitions);
    var all = new ArrayList<AttentionSource>(sources);
    all.add(new LateAttention(view.board, clock));
    var overviews = new Overviews(figures, all, clock);
    var guard = new StallGuard();
    return new Reports(
        figures,
        overviews,
        new LiveStreams(
            overviews,
            new NewsFeed(figures, System::nanoTime),
            guard,
            limits.heartbeat(),
            limits.maxEventStreams(),
            registry),
        new BacklogGauges(view.board, clock, registry),
        guard);
  }

  private static List<HostInfo> others(View view) {
    try {
      return Peers.of(view.streams, view.self);
    } catch (StreamsException | IllegalStateException _) {
      // Not started, or just ending: then nobody is known.
      return List.of();
    }
  }

  @Override
  public void close() {
    live.close();
    gauges.close();
    figures.close();
    guard.close();
  }
}
