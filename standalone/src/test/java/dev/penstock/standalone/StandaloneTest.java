package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.cli.ApiClient;
import dev.penstock.cli.JobWatcher;
import dev.penstock.cli.Tally;
import dev.penstock.cli.Terminal;
import dev.penstock.codec.Json;
import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.job.JobId;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobState;
import dev.penstock.job.JsonObject;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.StartException;
import dev.penstock.standalone.demo.CommitMetrics;
import dev.penstock.standalone.demo.Demo;
import dev.penstock.standalone.demo.DemoReport;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** All of it in this JVM: over HTTP in, through Kafka and the models, over HTTP out. */
class StandaloneTest {
  private static final String TEXT =
      "The ship left the harbour at dawn. The sailors sang while they set the sails. Nobody on the"
          + " shore knew where the ship would go. A gull followed the ship for a while.";

  @TempDir private Path data;

  @Test
  void jobsOfEveryKindAreDoneAndOutliveARestart() throws Exception {
    Map<JobKind, JobId> ids = new HashMap<>();
    Map<JobKind, JsonNode> before = new HashMap<>();
    Standalone first = standalone(Map.of());
    try {
      first.start();
      assertThat(first.health()).isEqualTo(Health.READY);
      try (var api = new ApiClient(URI.create(first.addresses().api()))) {
        for (JobKind kind : JobKind.values()) {
          ids.put(kind, id(api.submit(job(kind), Optional.empty())));
        }
        assertThat(watch(api, ids.values()).allSucceeded()).isTrue();
        ids.forEach((kind, id) -> before.put(kind, api.result(id)));
      }
      assertRecordsAreShown(
          first.addresses().api(), java.util.Objects.requireNonNull(ids.get(JobKind.EMBED)));
      assertManyAreFoundAndCancelled(first.addresses());
      assertDemoSucceeds(first.addresses());
      for (String page :
          new String[] {
            "/docs", "/readyz", "/metrics", "/v1/workers", "/v1/providers", "/v1/topics"
          }) {
        assertThat(status(first.addresses().api() + page)).as(page).isEqualTo(200);
      }
      assertThat(status(first.addresses().worker() + "/metrics")).isEqualTo(200);
      assertThat(status(first.addresses().streams() + "/metrics")).isEqualTo(200);
    } finally {
      first.close();
    }
    assertOutputs(before);

    Standalone second = standalone(Map.of());
    try {
      second.start();
      try (var api = new ApiClient(URI.create(second.addresses().api()))) {
        ids.forEach((kind, id) -> assertThat(api.result(id)).isEqualTo(before.get(kind)));
        JobId another = id(api.submit(job(JobKind.EMBED), Optional.empty()));
        assertThat(watch(api, java.util.List.of(another)).allSucceeded()).isTrue();
      }
    } finally {
      second.close();
    }
  }

  @Test
  void aJobThatIsNotToRunYetIsScheduledWaitsInTheHoldsAndCanBeCancelledThere() throws Exception {
    Standalone system = standalone(Map.of("topics.holds", "200ms,800ms"));
    try {
      system.start();
      try (var api = new ApiClient(URI.create(system.addresses().api()))) {
        ObjectNode soon = job(JobKind.DETECT_LANGUAGE).put("delay", "3s");
        ObjectNode never = job(JobKind.DETECT_LANGUAGE).put("delay", "30d");
        JsonNode accepted = api.submit(soon, Optional.empty());
        JobId other = id(api.submit(never, Optional.empty()));
        assertThat(accepted.path("state").asString()).isEqualTo("scheduled");
        assertThat(api.job(other).path("state").asString()).isEqualTo("scheduled");
        api.cancel(other);
        Tally tally = watch(api, java.util.List.of(id(accepted), other));
        assertThat(tally.in(JobState.SUCCEEDED)).isEqualTo(1);
        assertThat(tally.in(JobState.CANCELLED)).isEqualTo(1);
        JsonNode done = api.job(id(accepted));
        assertThat(Instant.parse(done.path("attempts").path(0).path("startedAt").asString()))
            .isAfterOrEqualTo(Instant.parse(accepted.path("acceptedAt").asString()).plusSeconds(3));
      }
    } finally {
      system.close();
    }
  }

  private static void assertRecordsAreShown(String api, JobId id) throws Exception {
    JsonNode records = json(api + "/v1/jobs/" + id + "/records");
    assertThat(records.path("missing").asString("")).isEmpty();
    assertThat(records.path("records").valueStream().map(each -> each.path("topic").asString()))
        .startsWith("penstock.jobs")
        .endsWith("penstock.events");
    assertThat(json(api + "/v1/jobs/" + id + "/input").path("kind").asString()).isEqualTo("embed");
    // Reports come every two seconds; the first may be of before its partitions came.
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> {
          JsonNode worker = json(api + "/v1/workers").path("workers").path(0);
          assertThat(worker.path("id").asString()).isEqualTo("standalone");
          assertThat(worker.path("state").asString()).isEqualTo("running");
          assertThat(worker.path("partitions").size()).isEqualTo(24);
        });
  }

  /**
   * Jobs that are to run in an hour are found by their label, and their end is asked for at once.
   */
  private static void assertManyAreFoundAndCancelled(Standalone.Addresses at) throws Exception {
    try (var api = new ApiClient(URI.create(at.api()))) {
      for (int i = 0; i < 3; i++) {
        ObjectNode job = job(JobKind.EMBED).put("delay", "1h");
        job.putObject("labels").put("batch", "seven");
        api.submit(job, Optional.empty());
      }
    }
    String selection = "label=batch:seven&state=scheduled&q=harb*";
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThat(json(at.api() + "/v1/jobs?" + selection).path("total").path("count").asInt())
                .isEqualTo(3));
    ObjectNode action =
        Json.MAPPER
            .createObjectNode()
            .put("action", "cancel")
            .put("query", selection)
            .put("expected", 3);
    try (var client = HttpClient.newHttpClient()) {
      HttpResponse<String> begun =
          client.send(
              HttpRequest.newBuilder(URI.create(at.streams() + "/v1/jobs/actions"))
                  .header("Penstock-Dashboard", "1")
                  .POST(HttpRequest.BodyPublishers.ofString(action.toString()))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(begun.statusCode()).as(begun.body()).isEqualTo(202);
      String id = Json.MAPPER.readTree(begun.body()).path("id").asString();
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() ->
              assertThat(json(at.streams() + "/v1/jobs/actions/" + id).path("done").asInt())
                  .isEqualTo(3));
    }
  }

  private static JsonNode json(String url) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(URI.create(url)).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      return Json.MAPPER.readTree(answer.body());
    }
  }

  private static void assertDemoSucceeds(Standalone.Addresses at) throws InterruptedException {
    var terminal =
        new Terminal(InputStream.nullInputStream(), System.out, System.err, Set.of(), 80, false);

    Demo.Run run = new Demo(terminal, URI.create(at.api())).run(40);

    assertThat(run.isSuccess()).as(run.tally().toString()).isTrue();
    assertThat(DemoReport.of(terminal, run, CommitMetrics.read(URI.create(at.worker()))))
        .anyMatch(line -> line.startsWith("  sherlock-001"))
        .anyMatch(line -> line.startsWith("  commit: "))
        .anyMatch(line -> line.startsWith("  all in all: 40 jobs"));
  }

  private static void assertOutputs(Map<JobKind, JsonNode> results) {
    assertThat(output(results, JobKind.SUMMARIZE))
        .isInstanceOfSatisfying(
            JobOutput.Summary.class,
            summary ->
                assertThat(summary.sentences())
                    .hasSize(2)
                    .allSatisfy(s -> assertThat(TEXT).contains(s)));
    assertThat(output(results, JobKind.CLASSIFY))
        .isInstanceOfSatisfying(
            JobOutput.Classification.class,
            classes -> assertThat(classes.labels().getFirst().label()).isEqualTo("ships"));
    assertThat(output(results, JobKind.EMBED))
        .isInstanceOfSatisfying(
            JobOutput.Embedding.class, embedding -> assertThat(embedding.vector()).hasSize(384));
    assertThat(output(results, JobKind.DETECT_LANGUAGE))
        .isInstanceOfSatisfying(
            JobOutput.DetectedLanguages.class,
            found -> assertThat(found.languages().getFirst().label()).isEqualTo("eng"));
    assertThat(output(results, JobKind.GENERATE))
        .isInstanceOfSatisfying(
            JobOutput.Text.class, answer -> assertThat(TEXT).startsWith(answer.text()));
    assertThat(output(results, JobKind.EXTRACT))
        .isEqualTo(new JobOutput.Extracted(new JsonObject("{}")));
  }

  private static JobOutput output(Map<JobKind, JsonNode> results, JobKind kind) {
    JobOutput output = Json.MAPPER.treeToValue(results.get(kind), JobResult.class).output();
    assertThat(output).as(kind.wireName()).isNotNull();
    return java.util.Objects.requireNonNull(output);
  }

  @Test
  void aTakenPortIsSaidBeforeAnythingStarts() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = String.valueOf(taken.getLocalPort());
      Standalone system = standalone(Map.of("api.port", port));

      assertThatThrownBy(system::start)
          .isInstanceOf(StartException.class)
          .hasMessageContaining("port " + port + " for the API is taken")
          .hasMessageContaining("--port");
      assertThat(data).isEmptyDirectory();
    }
  }

  @Test
  void wrongSettingsAreSaidBeforeAnythingStarts() {
    Standalone system = standalone(Map.of("api.port", "99999", "worker.port", "x"));

    assertThatThrownBy(system::start)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("api.port is '99999'")
        .hasMessageContaining("worker.port is 'x'");
    assertThat(data).isEmptyDirectory();
  }

  @Test
  void wrongSettingsOfAllServicesAreSaidAtOnce() {
    Standalone system =
        standalone(
            Map.of(
                "api.port", "99999",
                "topics.partitions", "-4",
                "api.publish-timeout", "soon",
                "worker.slots", "-3",
                "streams.threads", "many"));

    assertThatThrownBy(system::start)
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.errors())
                    .extracting(error -> error.substring(0, error.indexOf(' ')))
                    .containsExactlyInAnyOrder(
                        "api.port",
                        "topics.partitions",
                        "api.publish-timeout",
                        "worker.slots",
                        "streams.threads"));
    assertThat(data).isEmptyDirectory();
  }

  private Standalone standalone(Map<String, String> own) {
    var options = new HashMap<String, String>(Map.of("api.port", "0"));
    options.putAll(own);
    return Standalone.of(data, () -> Settings.of(options), new StartupTimes(Instant.now()));
  }

  private static ObjectNode job(JobKind kind) {
    ObjectNode job = Json.MAPPER.createObjectNode().put("kind", kind.wireName());
    ObjectNode input = job.putObject("input").put("text", TEXT);
    switch (kind) {
      case SUMMARIZE -> input.put("maxSentences", 2);
      case CLASSIFY -> input.putArray("labels").add("cooking").add("ships").add("mathematics");
      case EMBED, DETECT_LANGUAGE -> {}
      case GENERATE -> job.put("model", "simulated");
      case EXTRACT -> {
        job.put("model", "simulated");
        input.putObject("schema").put("type", "object");
      }
    }
    return job;
  }

  private static JobId id(JsonNode accepted) {
    return JobId.of(accepted.path("id").asString());
  }

  private static Tally watch(ApiClient api, Iterable<JobId> ids) throws InterruptedException {
    var watcher = new JobWatcher(api, _ -> {}, _ -> {});
    ids.forEach(watcher::add);
    watcher.complete();
    return watcher.run(_ -> {});
  }

  private static int status(String address) throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(URI.create(address)).build(),
              HttpResponse.BodyHandlers.discarding())
          .statusCode();
    }
  }
}
