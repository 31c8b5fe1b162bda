package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import dev.penstock.streams.figures.FailureTable;
import dev.penstock.streams.figures.History;
import dev.penstock.streams.figures.History.Written;
import dev.penstock.streams.figures.JobCounts;
import dev.penstock.streams.figures.Recomputed;
import dev.penstock.streams.figures.Retentions;
import dev.penstock.streams.figures.SeriesTable;
import dev.penstock.streams.figures.TopicRecords;
import dev.penstock.streams.figures.WindowSize;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

@SuppressWarnings("NullAway.Init")
@Timeout(240)
final class FiguresServiceTest {
  private static final String ALL = "by=tenant,model,provider,providerModel,kind,outcome";

  @RegisterExtension static final Installations installations = new Installations();
  private Harness harness;

  @BeforeEach
  void prepare() {
    harness = installations.own();
  }

  @Test
  void instancesTogetherTellWhatIsRecomputedFromTheTopics() throws Exception {
    StreamsService a = harness.starting("a", Map.of());
    StreamsService b = harness.starting("b", Map.of());
    harness.awaitShared(a, b);
    long seed = System.nanoTime();
    Instant start = Instant.now().minus(Duration.ofMinutes(20));
    List<Written> history = History.of(200, start, Duration.ofMinutes(10), new Random(seed));
    harness.sendAll(history);
    List<Written> written =
        TopicRecords.all(installations.broker().bootstrapServers(), harness.topics);
    assertThat(written).hasSameSizeAs(history);
    var expected = new Recomputed(written, Retentions.DEFAULT);
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(
            () -> assertThat(parts(a, b).jobs()).as("seed %d", seed).isEqualTo(expected.jobs()));
    assertThat(parts(a, b).oldestQueuedSecond()).isEqualTo(expected.oldestQueued());
    for (WindowSize size : WindowSize.values()) {
      String query = "?window=" + size.wireName() + "&" + ALL + "&from=" + start.minusSeconds(60);
      SeriesTable table = SeriesTable.read(bytes(a, "/internal/v1/figures/series" + query));
      table.add(SeriesTable.read(bytes(b, "/internal/v1/figures/series" + query)));
      assertThat(table.partitions()).hasSize(4);
      assertThat(Recomputed.differences(expected.windows(size), Recomputed.text(table.series())))
          .as("seed %d, %s", seed, size)
          .isEmpty();
    }
    FailureTable failures = FailureTable.read(bytes(a, "/internal/v1/figures/failures"));
    failures.add(FailureTable.read(bytes(b, "/internal/v1/figures/failures")));
    assertThat(Recomputed.text(failures)).isEqualTo(expected.failures());
    // Either of them answers for both.
    for (String path :
        List.of(
            "/v1/metrics?window=1h&by=model,outcome&top=3&from="
                + start.minus(Duration.ofHours(1))
                + "&to="
                + Instant.now().plusSeconds(60),
            "/v1/failures?limit=5")) {
      JsonNode answer = json(a, path);
      assertThat(answer.path("partial").asBoolean()).as(answer.toString()).isFalse();
      assertThat(json(b, path)).isEqualTo(answer);
    }
  }

  @Test
  void aCopyThatTakesOverTellsTheSameAndGoesOn() throws Exception {
    Map<String, String> copied = Map.of("streams.standby-replicas", "1");
    StreamsService a = harness.starting("a", copied);
    StreamsService b = harness.starting("b", copied);
    harness.awaitShared(a, b);
    long seed = System.nanoTime();
    Instant start = Instant.now().minus(Duration.ofMinutes(20));
    harness.sendAll(History.of(200, start, Duration.ofMinutes(10), new Random(seed)));
    tellsWhatIsRecomputed(seed, () -> parts(a, b));
    a.close();
    tellsWhatIsRecomputed(seed, () -> JobCounts.read(bytes(b, "/internal/v1/figures/jobs")));
    harness.sendAll(History.of(50, start, Duration.ofMinutes(10), new Random(seed + 1)));
    tellsWhatIsRecomputed(seed, () -> JobCounts.read(bytes(b, "/internal/v1/figures/jobs")));
    var expected = recomputed();
    for (WindowSize size : WindowSize.values()) {
      String query = "?window=" + size.wireName() + "&" + ALL + "&from=" + start.minusSeconds(60);
      SeriesTable table = SeriesTable.read(bytes(b, "/internal/v1/figures/series" + query));
      assertThat(Recomputed.differences(expected.windows(size), Recomputed.text(table.series())))
          .as("seed %d, %s", seed, size)
          .isEmpty();
    }
  }

  private void tellsWhatIsRecomputed(long seed, Callable<JobCounts> told) throws Exception {
    var expected = recomputed();
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(
            () -> assertThat(told.call().jobs()).as("seed %d", seed).isEqualTo(expected.jobs()));
  }

  private Recomputed recomputed() throws Exception {
    return new Recomputed(
        TopicRecords.all(installations.broker().bootstrapServers(), harness.topics),
        Retentions.DEFAULT);
  }

  @Test
  void theOverviewTellsWhatThereIsAndTheRest() throws Exception {
    StreamsService service = harness.start("a", Map.of());
    Job done = harness.accept();
    harness.accept();
    harness.send(Lives.deadLettered(done.id(), 0, Instant.now()));
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(() -> {
          JsonNode overview = json(service, "/v1/overview");
          assertThat(overview.path("partial").asBoolean()).isFalse();
          assertThat(overview.path("states").path("dead-lettered").asLong()).isEqualTo(1);
          assertThat(overview.path("states").path("queued").asLong()).isEqualTo(1);
          assertThat(overview.path("backlog").path("jobs").asLong()).isEqualTo(1);
          assertThat(overview.path("backlog").path("workMillis").asLong()).isEqualTo(1_000);
          assertThat(overview.path("last").path("1h").path("accepted").asLong()).isEqualTo(2);
          assertThat(overview.path("successRate").asDouble(-1)).isZero();
          assertThat(harness.get(service, "/metrics").body())
              .contains(
                  "penstock_streams_backlog_jobs{kind=\"detect-language\",model=\"local\"} 1.0")
              .contains("penstock_streams_backlog_work_seconds{");
        });
    JsonNode group = json(service, "/v1/failures?state=dead-lettered").path("groups").get(0);
    assertThat(group.path("jobs").asLong()).isEqualTo(1);
    assertThat(group.path("example").asString()).isEqualTo(done.id().toString());
  }

  @Test
  void liveStreamsTellTheOverviewAndWhichJobsChanged() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    HttpResponse<Stream<String>> live =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + service.port() + "/v1/live"))
                    .build(),
                HttpResponse.BodyHandlers.ofLines());
    assertThat(live.headers().firstValue("content-type")).contains("text/event-stream");
    Job job = harness.accept();
    var seen = new ArrayList<String>();
    live.body()
        .filter(line -> line.startsWith("data: "))
        .takeWhile(line -> !(seen.size() > 1 && line.contains(job.id().toString())))
        .forEach(line -> {
          seen.add(line);
          if (seen.size() == 1) {
            // The stream stands: whatever changes from now on is told.
            send(Lives.started(job.id(), 0, 1, "w1", Instant.now()));
            send(Lives.cancel(job.id(), 0, Instant.now()));
          }
        });
    assertThat(seen.getFirst()).contains("\"states\":");
  }

  @Test
  void whatCannotBeAskedIsRefused() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    for (String query :
        List.of(
            "/v1/metrics?window=2m",
            "/v1/metrics?from=yesterday",
            "/v1/metrics?by=colour",
            "/v1/metrics?top=0",
            "/v1/metrics?colour=red",
            "/v1/metrics?window=10s&from=2020-01-01T00:00:00Z",
            "/v1/failures?limit=none",
            "/v1/failures?state=queued",
            "/v1/overview?x=1",
            "/v1/live?topics=weather")) {
      HttpResponse<String> response = harness.get(service, query);
      assertThat(response.statusCode()).as(query).isEqualTo(400);
      assertThat(response.body()).contains("invalid_parameter").contains("\"pointer\":\"/");
    }
  }

  private void send(Object value) {
    try {
      harness.send(value);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private JobCounts parts(StreamsService a, StreamsService b) throws Exception {
    JobCounts counts = JobCounts.read(bytes(a, "/internal/v1/figures/jobs"));
    counts.add(JobCounts.read(bytes(b, "/internal/v1/figures/jobs")));
    return counts;
  }

  private JsonNode json(StreamsService service, String path) throws Exception {
    HttpResponse<String> response = harness.get(service, path);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Json.MAPPER.readTree(response.body());
  }

  private static byte[] bytes(StreamsService service, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray())
          .body();
    }
  }
}
