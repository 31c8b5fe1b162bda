package dev.penstock.streams.report;

import dev.penstock.streams.figures.FigureBoard;
import dev.penstock.streams.order.HeldLines;
import dev.penstock.streams.query.Peers;
import dev.penstock.streams.query.Queries;
import dev.penstock.streams.query.StallGuard;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.state.HostInfo;

/** What it takes to tell of all jobs together, put together. */
public record Reports(
    AllFigures figures,
    BlockedLines blocked,
    Supplier<Optional<String>> currency,
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
   * @param queries ask of single jobs
   * @param lines those of ordered jobs
   */
  public record View(
      FigureBoard board,
      KafkaStreams streams,
      HostInfo self,
      int partitions,
      Queries queries,
      HeldLines lines) {}

  /**
   * Puts it together.
   *
   * @param sources who else knows of what needs attention
   * @param currency of costs, where it is known
   */
  public static Reports of(
      View view,
      List<AttentionSource> sources,
      Supplier<Optional<String>> currency,
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
    var blocked =
        new BlockedLines(view.lines::look, view.queries::isDeadLettered, figures::elsewhere);
    all.add(blocked);
    blocked.start();
    var overviews = new Overviews(figures, all, currency, clock);
    var guard = new StallGuard();
    return new Reports(
        figures,
        blocked,
        currency,
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
    blocked.close();
    gauges.close();
    figures.close();
    guard.close();
  }
}
