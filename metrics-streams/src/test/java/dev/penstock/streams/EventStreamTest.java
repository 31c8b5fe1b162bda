package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

@SuppressWarnings("NullAway.Init")
@Timeout(180)
final class EventStreamTest {
  @RegisterExtension static final Installations installations = new Installations();
  private Harness harness;

  @BeforeEach
  void prepare() {
    harness = installations.own();
  }

  /** One server-sent event. */
  private record Event(String id, String name, JsonNode data) {}

  @Test
  void aStreamTellsWhatIsKnownThenWhatHappensAndEndsWithTheJob() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    harness.send(Lives.started(job.id(), 0, 1, "w1", Instant.now()));
    harness.awaitState(service, job.id(), "running");
    HttpResponse<Stream<String>> response = harness.events(service, job.id());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
    Iterator<String> lines = response.body().iterator();
    assertThat(next(lines)).isEqualTo("0.0.0 accepted");
    assertThat(next(lines)).isEqualTo("0.1.1 started");
    harness.send(Lives.retried(job.id(), 0, 1, Instant.now()));
    assertThat(next(lines)).isEqualTo("0.1.2 retry-scheduled");
    harness.send(Lives.started(job.id(), 0, 2, "w2", Instant.now()));
    assertThat(next(lines)).isEqualTo("0.2.1 started");
    harness.send(Lives.succeeded(job.id(), 0, 2, Instant.now()));
    assertThat(next(lines)).isEqualTo("0.21.3 finished");
    assertThat(lines.hasNext()).as("the stream has ended").isFalse();
  }

  @Test
  void theDataOfAnEventTellsWhatHappened() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    harness.send(Lives.started(job.id(), 0, 1, "w1", Lives.T0));
    harness.send(Lives.retried(job.id(), 0, 1, Lives.T0));
    harness.send(Lives.deadLettered(job.id(), 0, Lives.T0.plusSeconds(9)));
    List<Event> events;
    try (Stream<String> lines = harness.events(service, job.id()).body()) {
      events = all(lines.iterator());
    }
    assertThat(events)
        .extracting(event -> event.data.get("state").asString())
        .containsExactly("queued", "running", "waiting", "dead-lettered");
    Event retry = events.get(2);
    assertThat(retry.data.get("attempt").asInt()).isEqualTo(1);
    assertThat(retry.data.get("failure").get("code").asString()).isEqualTo("retryable");
    assertThat(retry.data.get("dueAt").asString()).isEqualTo(Lives.T0.plusSeconds(5).toString());
    assertThat(events.get(1).data.get("worker").asString()).isEqualTo("w1");
    assertThat(events.get(3).data.get("failure").get("code").asString())
        .isEqualTo("invalid_request");
  }

  @Test
  void aClientResumesAfterTheLastEventItHas() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    harness.send(Lives.started(job.id(), 0, 1, "w1", Instant.now()));
    harness.send(Lives.succeeded(job.id(), 0, 1, Instant.now()));
    harness.awaitState(service, job.id(), "succeeded");
    try (Stream<String> lines =
        harness.events(service, job.id(), "Last-Event-ID", "0.1.1").body()) {
      assertThat(all(lines.iterator())).extracting(Event::name).containsExactly("finished");
    }
    assertThat(harness.events(service, job.id(), "Last-Event-ID", "0.21.3").statusCode())
        .as("nothing follows, so a client should not come back")
        .isEqualTo(204);
  }

  @Test
  void streamsAreBoundedAndFreedWhenTheirClientLeaves() throws Exception {
    StreamsService service = harness.start("a", Map.of("streams.max-event-streams", "1"));
    Job job = harness.accept();
    HttpResponse<Stream<String>> open = harness.events(service, job.id());
    Iterator<String> lines = open.body().iterator();
    assertThat(next(lines)).isEqualTo("0.0.0 accepted");
    HttpResponse<Stream<String>> refused = harness.events(service, job.id());
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.headers().firstValue("retry-after")).isPresent();
    assertThat(String.join("", refused.body().toList())).contains("too_many_event_streams");
    open.body().close();
    // The server learns that the client is gone when it writes.
    var attempt = new java.util.concurrent.atomic.AtomicInteger();
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(() -> {
          harness.send(
              Lives.started(
                  job.id(), 0, Math.min(20, attempt.incrementAndGet()), "w", Instant.now()));
          HttpResponse<Stream<String>> again = harness.events(service, job.id());
          again.body().close();
          assertThat(again.statusCode()).isEqualTo(200);
        });
  }

  @Test
  void aStreamWithoutEventsSendsHeartbeats() throws Exception {
    StreamsService service = harness.start("a", Map.of("streams.event-heartbeat", "50ms"));
    Job job = harness.accept();
    try (Stream<String> lines = harness.events(service, job.id()).body()) {
      assertThat(lines.filter(line -> line.startsWith(":")).limit(3)).hasSize(3);
    }
  }

  @Test
  void streamsEndWhenTheInstanceStops() throws Exception {
    StreamsService service = harness.start("a", Map.of());
    Job job = harness.accept();
    Iterator<String> lines = harness.events(service, job.id()).body().iterator();
    assertThat(next(lines)).isEqualTo("0.0.0 accepted");
    service.close();
    assertThat(all(lines)).isEmpty();
  }

  @Test
  void hundredsOfStreamsAreServedAtOnce() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    harness.awaitState(service, job.id(), "queued");
    var open = new ArrayList<Iterator<String>>();
    for (int i = 0; i < 300; i++) {
      open.add(harness.events(service, job.id()).body().iterator());
    }
    harness.send(Lives.succeeded(job.id(), 0, 1, Instant.now()));
    for (Iterator<String> lines : open) {
      assertThat(all(lines)).extracting(Event::name).containsExactly("accepted", "finished");
    }
  }

  /** The id and the name of the next event. */
  static String next(Iterator<String> lines) {
    Event event = read(lines);
    return event == null ? "the end" : event.id + " " + event.name;
  }

  private static List<Event> all(Iterator<String> lines) {
    var events = new ArrayList<Event>();
    for (Event event = read(lines); event != null; event = read(lines)) {
      events.add(event);
    }
    return events;
  }

  private static @org.jspecify.annotations.Nullable Event read(Iterator<String> lines) {
    String id = "";
    String name = "";
    String data = "";
    while (lines.hasNext()) {
      String line = lines.next();
      if (line.startsWith("id: ")) {
        id = line.substring(4);
      } else if (line.startsWith("event: ")) {
        name = line.substring(7);
      } else if (line.startsWith("data: ")) {
        data = line.substring(6);
      } else if (line.isEmpty() && !id.isEmpty()) {
        return new Event(id, name, Json.MAPPER.readTree(data));
      }
    }
    return null;
  }
}
