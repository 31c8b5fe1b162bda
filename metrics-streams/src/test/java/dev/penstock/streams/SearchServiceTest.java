package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.RetryNowRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Search and bulk actions of real instances on a real broker, with an intake of the test. */
@SuppressWarnings("NullAway.Init")
@Timeout(240)
final class SearchServiceTest {
  @RegisterExtension static final Installations installations = new Installations();
  private Harness harness;
  private HttpServer intake;
  private final ConcurrentMap<String, Integer> asked = new ConcurrentHashMap<>();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();

  @BeforeEach
  void prepare() throws Exception {
    harness = installations.own();
    intake = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    intake.createContext(
        "/v1/jobs/",
        exchange -> {
          String what = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
          int times = asked.merge(what, 1, Integer::sum);
          // Each is told once that it has to come again.
          int status = times == 1 ? 503 : refused.contains(what) ? 409 : 202;
          byte[] body =
              "{\"code\":\"some_code\",\"detail\":\"why\"}"
                  .getBytes(java.nio.charset.StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    intake.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    intake.start();
  }

  @AfterEach
  void stop() throws Exception {
    // Whoever asks the intake goes first.
    harness.close();
    intake.stop(0);
  }

  private StreamsService start(String name) {
    return harness.starting(
        name, Map.of("streams.api-url", "http://127.0.0.1:" + intake.getAddress().getPort() + "/"));
  }

  @Test
  void everyInstanceFindsAllJobsAlsoWhenTheOtherHasGone() throws Exception {
    StreamsService a = start("a");
    StreamsService b = start("b");
    var jobs = new HashSet<String>();
    for (int i = 0; i < 30; i++) {
      Job job = harness.accept();
      jobs.add(job.id().toString());
      if (i % 3 == 0) {
        harness.send(Lives.succeeded(job.id(), 0, 1, Instant.now()));
      }
    }
    awaitFound(a, "limit=500", jobs);
    awaitFound(b, "limit=500", jobs);
    awaitCount(b, "q=deu", 10);
    for (StreamsService each : List.of(a, b)) {
      assertThat(inPages(each, "limit=7&q=guten")).isEqualTo(jobs);
      JsonNode page = search(each, "state=succeeded&facets=state&limit=1");
      assertThat(page.path("total").path("count").asInt()).isEqualTo(10);
      assertThat(page.path("facets").path("state").path(0).path("count").asInt()).isEqualTo(10);
      assertThat(page.path("jobs").path(0).path("finishedAt").isString()).isTrue();
    }
    HttpResponse<String> wrong = harness.get(a, "/v1/jobs?q=*x");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("invalid_parameter", "\"pointer\":\"/q\"");
    a.close();
    awaitFound(b, "limit=500", jobs);
    assertThat(inPages(b, "limit=7")).isEqualTo(jobs);
  }

  @Test
  void anInstanceThatComesBackFindsAllAndSoDoesOneWithoutItsIndex() throws Exception {
    StreamsService first = start("back");
    var jobs = new HashSet<String>();
    for (int i = 0; i < 20; i++) {
      jobs.add(harness.accept().id().toString());
    }
    awaitFound(first, "limit=500", jobs);
    first.close();
    jobs.add(harness.accept().id().toString());
    StreamsService second = start("back");
    awaitFound(second, "limit=500", jobs);
    second.close();
    delete(harness.stateDirectory("back").resolve("search"));
    jobs.add(harness.accept().id().toString());
    StreamsService third = start("back");
    awaitFound(third, "limit=500", jobs);
  }

  @Test
  void manyJobsAreCancelledThroughTheIntake() throws Exception {
    StreamsService service = start("bulk");
    var jobs = new ArrayList<JobId>();
    for (int i = 0; i < 12; i++) {
      jobs.add(harness.accept().id());
    }
    harness.send(Lives.succeeded(jobs.get(0), 0, 1, Instant.now()));
    awaitCount(service, "state=queued", 11);
    refused.add("DELETE /v1/jobs/" + jobs.get(1));
    HttpResponse<String> changed =
        post(service, "{\"action\":\"cancel\",\"query\":\"state=queued\",\"expected\":5}");
    assertThat(changed.statusCode()).as(changed.body()).isEqualTo(409);
    assertThat(changed.body()).contains("selection_changed");
    HttpResponse<String> begun =
        post(service, "{\"action\":\"cancel\",\"query\":\"state=queued\",\"expected\":11}");
    assertThat(begun.statusCode()).as(begun.body()).isEqualTo(202);
    JsonNode progress = awaitDone(service, begun);
    assertThat(progress.path("matching").asInt()).isEqualTo(11);
    assertThat(progress.path("done").asInt()).isEqualTo(10);
    assertThat(progress.path("refused").asInt()).isEqualTo(1);
    assertThat(progress.path("failed").asInt()).isZero();
    assertThat(progress.path("errors").path(0).path("jobId").asString(""))
        .isEqualTo(jobs.get(1).toString());
    assertThat(asked).hasSize(11).doesNotContainKey("DELETE /v1/jobs/" + jobs.get(0));

    HttpResponse<String> some =
        post(
            service,
            "{\"action\":\"release\",\"ids\":[\"" + jobs.get(0) + "\",\"" + jobs.get(0) + "\"]}");
    assertThat(awaitDone(service, some).path("done").asInt()).isEqualTo(1);
    assertThat(asked).containsEntry("POST /v1/jobs/" + jobs.get(0) + "/release", 2);
    HttpResponse<String> hurried =
        post(service, "{\"action\":\"retry-now\",\"ids\":[\"" + jobs.get(2) + "\"]}");
    assertThat(awaitDone(service, hurried).path("done").asInt()).isEqualTo(1);
    assertThat(asked).containsEntry("POST /v1/jobs/" + jobs.get(2) + "/retry-now", 2);
    for (String wrong :
        List.of(
            "[]",
            "{}",
            "{\"action\":\"delete\",\"ids\":[]}",
            "{\"action\":\"cancel\",\"ids\":[]}",
            "{\"action\":\"cancel\",\"ids\":[\"x\"]}",
            "{\"action\":\"cancel\",\"query\":\"state=x\",\"expected\":1}",
            "{\"action\":\"cancel\",\"query\":\"state=queued\"}",
            "{\"action\":\"cancel\",\"ids\":[\"" + jobs.get(0) + "\"],\"more\":1}")) {
      HttpResponse<String> answer = post(service, wrong);
      assertThat(answer.statusCode()).as(wrong + answer.body()).isEqualTo(400);
    }
    assertThat(harness.get(service, "/v1/jobs/actions/" + java.util.UUID.randomUUID()).statusCode())
        .isEqualTo(404);
  }

  @Test
  void whatWasAskedForOfAJobIsSeenInTheList() throws Exception {
    StreamsService service = start("asked");
    JobId cancelled = harness.accept().id();
    JobId waiting = harness.accept().id();
    harness.send(Lives.cancel(cancelled, 0, Instant.now()));
    harness.send(Lives.retried(waiting, 0, 1, Instant.now()));
    harness.send(new RetryNowRequest(waiting, 0, 1, Instant.now()));
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(() -> {
          JsonNode queued = search(service, "state=queued").path("jobs").path(0);
          assertThat(queued.path("id").asString("")).isEqualTo(cancelled.toString());
          assertThat(queued.path("cancelRequested").asBoolean(false)).isTrue();
          assertThat(queued.has("retryNowRequested")).isFalse();
          JsonNode hurried = search(service, "state=waiting").path("jobs").path(0);
          assertThat(hurried.path("id").asString("")).isEqualTo(waiting.toString());
          assertThat(hurried.path("retryNowRequested").asBoolean(false)).isTrue();
          assertThat(hurried.has("cancelRequested")).isFalse();
        });
    assertThat(harness.view(service, waiting).retryNowRequestedAt()).isNotNull();
  }

  private JsonNode awaitDone(StreamsService service, HttpResponse<String> begun) {
    String id = Json.MAPPER.readTree(begun.body()).path("id").asString("");
    return Awaitility.await()
        .atMost(Harness.PATIENCE)
        .until(
            () -> Json.MAPPER.readTree(harness.get(service, "/v1/jobs/actions/" + id).body()),
            progress -> progress.path("state").asString("").equals("done"));
  }

  private HttpResponse<String> post(StreamsService service, String body) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + service.port() + "/v1/jobs/actions"))
              .header("Penstock-Dashboard", "1")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private JsonNode search(StreamsService service, String query) throws Exception {
    HttpResponse<String> answer = harness.get(service, "/v1/jobs?" + query);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.MAPPER.readTree(answer.body());
  }

  private Set<String> inPages(StreamsService service, String query) throws Exception {
    var ids = new HashSet<String>();
    String next = "";
    do {
      JsonNode page = search(service, query + (next.isEmpty() ? "" : "&cursor=" + next));
      for (JsonNode job : page.path("jobs")) {
        assertThat(ids.add(job.path("id").asString(""))).isTrue();
      }
      next = page.path("next").asString("");
    } while (!next.isEmpty());
    return ids;
  }

  private void awaitFound(StreamsService service, String query, Set<String> jobs) {
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(() -> assertThat(inPages(service, query)).isEqualTo(jobs));
  }

  private void awaitCount(StreamsService service, String query, int count) {
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(() ->
            assertThat(search(service, query).path("total").path("count").asInt())
                .isEqualTo(count));
  }

  private static void delete(Path path) throws Exception {
    try (var files = java.nio.file.Files.walk(path)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        java.nio.file.Files.delete(file);
      }
    }
  }
}
