package dev.penstock.streams.query;

import dev.penstock.streams.partial.PartialTail;
import dev.penstock.streams.records.JobRecords;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.state.HostInfo;

/**
 * What it takes to answer, put together.
 *
 * @param self how other instances know this one
 */
public record Queries(
    HostInfo self,
    JobReader reader,
    EventStreams events,
    JobRecords records,
    Forwarder forwarder,
    StallGuard guard)
    implements AutoCloseable {
  /** Beyond the owner's own wait. */
  private static final Duration FORWARD_SLACK = Duration.ofSeconds(2);

  /** The view that is being built. */
  public record View(
      Topics topics,
      KafkaStreams streams,
      ViewProgress progress,
      ChangeHub hub,
      PartialTail partial,
      JobRecords records) {}

  /**
   * What bounds a query.
   *
   * @param viewWait how long a request waits for the view to reach what the answer needs
   * @param maxEventStreams how many event streams this instance serves at once
   * @param heartbeat how often an event stream without events sends a comment
   */
  public record Limits(Duration viewWait, int maxEventStreams, Duration heartbeat) {}

  /**
   * Puts it together.
   *
   * @param admin asked for the ends of partitions; stays the caller's
   */
  public static Queries of(
      View view, Admin admin, HostInfo self, Limits limits, MeterRegistry registry) {
    var reader =
        new JobReader(
            view.topics,
            new LocalView(view.streams),
            view.progress,
            view.hub,
            EndOffsets.of(admin, IsolationLevel.READ_UNCOMMITTED),
            EndOffsets.of(admin, IsolationLevel.READ_COMMITTED),
            limits.viewWait,
            registry);
    var guard = new StallGuard();
    return new Queries(
        self,
        reader,
        new EventStreams(reader, view.hub, view.partial, guard, limits, registry),
        view.records,
        new Forwarder(limits.viewWait.plus(FORWARD_SLACK)),
        guard);
  }

  @Override
  public void close() {
    events.close();
    records.close();
    forwarder.close();
    guard.close();
  }
}
