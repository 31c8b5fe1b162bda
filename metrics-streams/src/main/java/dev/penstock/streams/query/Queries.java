package dev.penstock.streams.query;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.streams.partial.PartialTail;
import dev.penstock.streams.records.JobRecords;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.state.HostInfo;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

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
  private static final Duration RELAY_WITHIN = Duration.ofSeconds(5);
  private static final int MAX_VIEW_BYTES = 4 << 20;

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

  /**
   * Whether a generation of a job is known to be a dead letter. No for one that can't be asked of
   * now.
   */
  public boolean isDeadLettered(JobId id, int generation) throws InterruptedException {
    return switch (reader.read(id, Optional.empty())) {
      case JobReader.Reading.Found(JobLife life, _) ->
          life.generation() == generation && life.state() == JobState.DEAD_LETTERED;
      case JobReader.Reading.Elsewhere(HostInfo owner) ->
          !owner.equals(self) && isDeadLettered(owner, id, generation);
      case JobReader.Reading.Missing _, JobReader.Reading.NotReady _ -> false;
    };
  }

  private boolean isDeadLettered(HostInfo owner, JobId id, int generation)
      throws InterruptedException {
    try {
      HttpResponse<InputStream> answer = forwarder.get(owner, "/internal/v1/jobs/" + id, Map.of());
      try (InputStream body = answer.body()) {
        byte[] bytes = guard.within(RELAY_WITHIN, () -> body.readNBytes(MAX_VIEW_BYTES));
        if (answer.statusCode() != 200) {
          return false;
        }
        JsonNode view = Json.MAPPER.readTree(bytes);
        return view.path("generation").asInt(-1) == generation
            && view.path("state").asString("").equals(JobState.DEAD_LETTERED.wireName());
      }
    } catch (IOException | JacksonException _) {
      return false;
    }
  }

  @Override
  public void close() {
    events.close();
    records.close();
    forwarder.close();
    guard.close();
  }
}
