package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.job.RetryRule;
import dev.penstock.lifecycle.Health;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.topic.RecordHeaders;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IntakeServiceTest {
  private static final int PARTITIONS = 3;
  private static final String UNKNOWN = "01990000-0000-7000-8000-000000000000";

  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static FakeViews views;
  private static IntakeService intake;
  private static Client client;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
    views = FakeViews.start();
    intake =
        IntakeService.of(
            Settings.of(
                Map.of(
                    "kafka.bootstrap",
                    broker.bootstrapServers(),
                    "topics.partitions",
                    String.valueOf(PARTITIONS),
                    "api.port",
                    "0",
                    // The first can't be reached: the next one is asked.
                    "api.streams-url",
                    "http://127.0.0.1:1, " + views.url(),
                    "api.replayer-url",
                    "http://127.0.0.1:1",
                    "api.max-event-streams",
                    "2")));
    intake.start();
    client = new Client(intake.port());
  }

  @AfterAll
  static void stop() {
    client.close();
    intake.close();
    views.close();
    broker.close();
  }

  @Test
  void anAcceptedJobStandsOnItsTopicAsItWasSent() {
    String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    HttpResponse<String> response =
        client.post(
            """
            {"kind":"summarize","input":{"text":"One. Two.","maxSentences":1},"maxAttempts":2,
             "attemptTimeout":"5s","model":"simulated:x","labels":{"team":"a"}}\
            """,
            "traceparent",
            trace);
    assertThat(response.statusCode()).isEqualTo(202);
    String id = Client.json(response).path("id").asString("");
    assertThat(Client.json(response).path("state").asString("")).isEqualTo("queued");
    assertThat(response.headers().firstValue("Location")).hasValue("/v1/jobs/" + id);
    ConsumerRecord<byte[], byte[]> record = record(id);
    assertThat(header(record, RecordHeaders.GENERATION)).isEqualTo("0");
    assertThat(header(record, RecordHeaders.ATTEMPT)).isEqualTo("1");
    assertThat(header(record, RecordHeaders.TRACEPARENT)).isEqualTo(trace);
    var job = ((Decoded.Value<JobRecord>) JsonCodec.JOB_RECORDS.decode(record.value())).value();
    assertThat(job.generation()).isZero();
    assertThat(job.attempts()).isEmpty();
    assertThat(job.job().id()).hasToString(id);
    assertThat(job.job().input()).isEqualTo(new JobInput.Summarize("One. Two.", 1));
    assertThat(job.job().maxAttempts()).isEqualTo(2);
    assertThat(job.job().attemptTimeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(job.job().model()).isEqualTo("simulated:x");
    assertThat(job.job().labels()).containsExactly(Map.entry("team", "a"));
    assertThat(job.job().acceptedAt())
        .hasToString(Client.json(response).path("acceptedAt").asString(""));
  }

  @Test
  void whatIsLeftOutHasItsDefault() {
    String id = Client.json(client.post(Client.JOB)).path("id").asString("");
    ConsumerRecord<byte[], byte[]> record = record(id);
    var job =
        ((Decoded.Value<JobRecord>) JsonCodec.JOB_RECORDS.decode(record.value())).value().job();
    assertThat(job.model()).isEqualTo("local");
    assertThat(job.maxAttempts()).isEqualTo(5);
    assertThat(job.attemptTimeout()).isEqualTo(Duration.ofSeconds(60));
    assertThat(job.expireAt()).isNull();
    assertThat(header(record, RecordHeaders.TRACEPARENT))
        .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
  }

  @Test
  void aDelayedJobIsScheduledAndItsRecordSaysWhenItIsDue() {
    HttpResponse<String> response =
        client.post(
            """
            {"kind":"embed","input":{"text":"t"},"delay":"7d",
             "retry":{"baseDelay":"1m","maxDelay":"1h","multiplier":3}}\
            """);
    assertThat(response.statusCode()).isEqualTo(202);
    assertThat(Client.json(response).path("state").asString("")).isEqualTo("scheduled");
    var job =
        ((Decoded.Value<JobRecord>)
                JsonCodec.JOB_RECORDS.decode(
                    record(Client.json(response).path("id").asString("")).value()))
            .value();
    assertThat(job.dueAt()).isEqualTo(job.job().acceptedAt().plus(Duration.ofDays(7)));
    assertThat(job.job().runAt()).isEqualTo(job.dueAt());
    assertThat(job.job().retry())
        .isEqualTo(new RetryRule(Duration.ofMinutes(1), Duration.ofHours(1), 3.0));
  }

  @Test
  void jobsWithAnOrderingKeyJoinItsLineInTheOrderOfTheirAnswers() {
    var ids = new ArrayList<String>();
    for (int i = 0; i < 3; i++) {
      // With an idempotency key and without: it makes no difference to the line.
      String[] headers =
          i == 1 ? new String[] {"Idempotency-Key", "ordered-1"} : new String[] {"X-None", "1"};
      HttpResponse<String> response =
          client.post(
              """
              {"kind":"embed","input":{"text":"t"},"orderingKey":"customer 17","onDeadLetter":"block"}\
              """,
              headers);
      assertThat(response.statusCode()).isEqualTo(202);
      ids.add(Client.json(response).path("id").asString(""));
    }
    assertThat(line("customer 17")).extracting(each -> each.jobId().toString()).isEqualTo(ids);
    assertThat(line("customer 17"))
        .allSatisfy(each ->
            assertThat(((OrderedRecord.Enter) each).record().job().ordering())
                .isEqualTo(new Ordering("customer 17", Ordering.OnDeadLetter.BLOCK)));
    assertThat(keys("penstock.accepted")).containsAll(ids);
    assertThat(keys("penstock.jobs")).doesNotContainAnyElementsOf(ids);
  }

  @Test
  void whoeverWaitsInALineIsTakenOutOfItByACancellation() {
    String id = "01990000-0000-7000-8000-000000000016";
    views.job(id, "queued", "0.0.0", "a line");
    assertThat(client.delete("/v1/jobs/" + id).statusCode()).isEqualTo(202);
    assertThat(line("a line")).containsExactly(new OrderedRecord.Cancel(JobId.of(id), 0));
    assertThat(keys("penstock.control")).contains(id);
  }

  @Test
  void onlyADeadLetteredJobOfALineCanBeReleased() {
    String id = "01990000-0000-7000-8000-000000000017";
    views.job(id, "running", "0.1.1", "blocked");
    assertThat(Client.code(release(id))).isEqualTo("not_blocking");
    views.job(id, "dead-lettered", "0.21.3");
    assertThat(Client.code(release(id))).isEqualTo("not_blocking");
    assertThat(line("blocked")).isEmpty();
    views.job(id, "dead-lettered", "0.21.3", "blocked");
    HttpResponse<String> response = release(id);
    assertThat(response.statusCode()).isEqualTo(202);
    assertThat(Client.json(response).path("release").asString("")).isEqualTo("requested");
    assertThat(line("blocked")).containsExactly(new OrderedRecord.Release(JobId.of(id), 0));
    assertThat(Client.code(release(UNKNOWN))).isEqualTo("job_not_found");
  }

  @Test
  void anInvalidJobIsRefusedWithAllItsViolations() {
    HttpResponse<String> response = client.post("{\"kind\":\"embed\",\"input\":{},\"color\":1}");
    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(Client.code(response)).isEqualTo("invalid_job");
    assertThat(
            Client.json(response)
                .path("errors")
                .valueStream()
                .map(e -> e.path("pointer").asString("")))
        .containsExactlyInAnyOrder("/input/text", "/color");
  }

  @Test
  void theFileAndTheRoutesAreTheSame() {
    var inFile = new TreeSet<String>();
    dev.penstock.submission.Contract.load().document().path("paths").properties().stream()
        // Those with servers of their own are not the intake's.
        .filter(path -> !path.getValue().has("servers"))
        .forEach(path ->
            path.getValue()
                .propertyNames()
                .forEach(name -> {
                  if (!name.equals("parameters")) {
                    inFile.add(name.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey());
                  }
                }));
    assertThat(new TreeSet<>(intake.operations())).isEqualTo(inFile);
  }

  @Test
  void aSearchIsRelayedWithItsQuery() {
    views.answerTo(
        "/v1/jobs",
        query ->
            query.equals("state=queued&q=%22a%20b%22")
                ? new FakeViews.Answer(200, "application/json", java.util.Map.of(), "{\"jobs\":[]}")
                : new FakeViews.Answer(
                    400,
                    "application/problem+json",
                    java.util.Map.of(),
                    "{\"status\":400,\"code\":\"invalid_parameter\",\"title\":\"t\",\"detail\":\"d\"}"));
    HttpResponse<String> found = client.get("/v1/jobs?state=queued&q=%22a%20b%22");
    assertThat(found.statusCode()).isEqualTo(200);
    assertThat(found.body()).isEqualTo("{\"jobs\":[]}");
    HttpResponse<String> wrong = client.get("/v1/jobs?colour=red");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(Client.code(wrong)).isEqualTo("invalid_parameter");
  }

  @Test
  void everyOperationOfTheFileIsServed() {
    for (String operation : intake.operations()) {
      String method = operation.substring(0, operation.indexOf(' '));
      String path =
          operation
              .substring(method.length() + 1)
              .replace("{id}", UNKNOWN)
              .replace("{name}", "unknown")
              .replace("{letter}", "0-0")
              .replace("{command}", "confirm");
      HttpResponse<String> response =
          client.send(
              method, path, BodyPublishers.ofString(""), "Content-Type", "application/json");
      assertThat(response.statusCode()).as(operation).isNotIn(405, 500, 501);
      if (response.statusCode() == 404) {
        assertThat(Client.code(response)).as(operation).isIn("job_not_found", "schedule_not_found");
      }
    }
  }

  @Test
  void theDescriptionAndItsPageAreServed() {
    HttpResponse<String> page = client.get("/docs");
    assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .contains("script-src 'self'")
        .doesNotContain("unsafe");
    assertThat(page.body()).doesNotContain("http://", "https://");
    assertThat(client.get("/docs/docs.js").body()).doesNotContain("innerHTML", "eval(");
    assertThat(client.get("/docs/docs.css").body()).contains("prefers-color-scheme: dark");
    assertThat(client.get("/openapi.yaml").body()).startsWith("openapi: 3.1.0");
    assertThat(Client.json(client.get("/openapi.json")).path("openapi").asString(""))
        .isEqualTo("3.1.0");
    assertThat(client.get("/").headers().firstValue("Location")).hasValue("/docs");
  }

  @Test
  void whatIsNotThereIsAProblem() {
    assertThat(Client.code(client.get("/v2/jobs"))).isEqualTo("not_found");
    HttpResponse<String> response = client.send("PUT", "/v1/jobs", BodyPublishers.ofString("x"));
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.headers().firstValue("Allow")).hasValue("GET, POST");
    assertThat(Client.code(response)).isEqualTo("method_not_allowed");
    assertThat(
            client
                .send("PUT", "/v1/jobs/" + UNKNOWN, BodyPublishers.ofString("x"))
                .headers()
                .firstValue("Allow"))
        .hasValue("DELETE, GET");
  }

  @Test
  void aViewIsRelayedWithItsVersion() {
    String id = "01990000-0000-7000-8000-000000000001";
    views.job(id, "running", "0.1.1");
    HttpResponse<String> response = client.get("/v1/jobs/" + id);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("ETag")).hasValue("\"0.1.1\"");
    assertThat(Client.json(response).path("state").asString("")).isEqualTo("running");
    for (String known : List.of("\"0.1.1\"", "W/\"0.1.1\"", "\"0.0.0\", \"0.1.1\"", "*")) {
      HttpResponse<String> unchanged = client.get("/v1/jobs/" + id, "If-None-Match", known);
      assertThat(unchanged.statusCode()).as(known).isEqualTo(304);
      assertThat(unchanged.body()).isEmpty();
    }
    assertThat(client.get("/v1/jobs/" + id, "If-None-Match", "\"0.0.0\"").statusCode())
        .isEqualTo(200);
  }

  @Test
  void workersTopicsAndRecordsAreRelayed() {
    var workers = new FakeViews.Answer(200, "application/json", Map.of(), "{\"workers\":[]}");
    views.answerAt("workers", workers);
    assertThat(client.get("/v1/workers").body()).isEqualTo(workers.body());
    views.answerAt(
        "workers/w-1/drain",
        new FakeViews.Answer(
            202, "application/json", Map.of(), "{\"id\":\"w-1\",\"requested\":\"drain\"}"));
    HttpResponse<String> drained =
        client.send("POST", "/v1/workers/w-1/drain", BodyPublishers.noBody());
    assertThat(drained.statusCode()).isEqualTo(202);
    assertThat(Client.json(drained).path("requested").asString("")).isEqualTo("drain");
    HttpResponse<String> odd =
        client.send("POST", "/v1/workers/a%2Fb/drain", BodyPublishers.noBody());
    assertThat(odd.statusCode()).isEqualTo(404);
    String id = "01990000-0000-7000-8000-000000000003";
    views.answer(
        id + "/input",
        new FakeViews.Answer(
            410,
            "application/problem+json",
            Map.of(),
            "{\"type\":\"https://penstock.dev/problems/input_gone\",\"title\":\"Input gone\","
                + "\"status\":410,\"code\":\"input_gone\",\"detail\":\"trimmed\",\"errors\":[]}"));
    HttpResponse<String> gone = client.get("/v1/jobs/" + id + "/input");
    assertThat(gone.statusCode()).isEqualTo(410);
    assertThat(Client.code(gone)).isEqualTo("input_gone");
    assertThat(Client.code(client.get("/v1/jobs/nonsense/records"))).isEqualTo("invalid_job_id");
  }

  @Test
  void problemsOfTheViewsAreRelayed() {
    assertThat(Client.code(client.get("/v1/jobs/" + UNKNOWN))).isEqualTo("job_not_found");
    String id = "01990000-0000-7000-8000-000000000002";
    views.answer(
        id + "/result",
        new FakeViews.Answer(
            409,
            "application/problem+json",
            Map.of(),
            "{\"status\":409,\"code\":\"job_not_finished\",\"title\":\"t\",\"detail\":\"d\"}"));
    assertThat(Client.code(client.get("/v1/jobs/" + id + "/result"))).isEqualTo("job_not_finished");
    views.answer(
        id,
        new FakeViews.Answer(
            503,
            "application/problem+json",
            Map.of("Retry-After", "3"),
            "{\"status\":503,\"code\":\"view_not_ready\",\"title\":\"t\",\"detail\":\"d\"}"));
    HttpResponse<String> response = client.get("/v1/jobs/" + id);
    assertThat(Client.code(response)).isEqualTo("view_not_ready");
    assertThat(response.headers().firstValue("Retry-After")).hasValue("3");
  }

  @Test
  void aFaultOfTheViewsIsNotShown() {
    String id = "01990000-0000-7000-8000-000000000003";
    views.answer(
        id, new FakeViews.Answer(500, "text/html", Map.of(), "java.lang.Exception: secret"));
    HttpResponse<String> response = client.get("/v1/jobs/" + id);
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(Client.code(response)).isEqualTo("view_unavailable");
    assertThat(response.headers().firstValue("Retry-After")).isPresent();
    assertThat(response.body()).doesNotContain("secret");
  }

  @Test
  void aMalformedIdIsRefused() {
    assertThat(Client.code(client.get("/v1/jobs/nope"))).isEqualTo("invalid_job_id");
    assertThat(Client.code(client.delete("/v1/jobs/" + UNKNOWN.replace("7000", "4000"))))
        .isEqualTo("invalid_job_id");
  }

  @Test
  void eventsAreRelayedFromWhereTheClientLeftOff() {
    String id = "01990000-0000-7000-8000-000000000004";
    views.events(
        id,
        List.of("id: 0.1.1\nevent: started\ndata: {}", "id: 0.21.3\nevent: finished\ndata: {}"));
    HttpResponse<String> response =
        client.get("/v1/jobs/" + id + "/events", "Last-Event-ID", "0.0.0");
    assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
    assertThat(response.body())
        .isEqualTo(
            "id: 0.1.1\nevent: started\ndata: {}\n\nid: 0.21.3\nevent: finished\ndata: {}\n\n");
    assertThat(views.lastEventIds).contains("0.0.0");
    assertThat(Client.code(client.get("/v1/jobs/" + id + "/events", "Last-Event-ID", "x")))
        .isEqualTo("invalid_last_event_id");
  }

  @Test
  void whoHasSeenTheLastEventIsToldNotToComeBack() {
    String id = "01990000-0000-7000-8000-000000000014";
    views.answer(id + "/events", new FakeViews.Answer(204, "", Map.of(), ""));
    HttpResponse<String> response =
        client.get("/v1/jobs/" + id + "/events", "Last-Event-ID", "0.21.3");
    assertThat(response.statusCode()).isEqualTo(204);
    assertThat(response.body()).isEmpty();
  }

  @Test
  void aJobThatWaitsCanBeHurriedAsOftenAsOneLikesAndNoOther() {
    String id = "01990000-0000-7000-8000-000000000018";
    for (String state : List.of("queued", "running", "succeeded", "dead-lettered")) {
      views.job(id, state, "0.1.1");
      HttpResponse<String> refused = retryNow(id);
      assertThat(refused.statusCode()).as(state).isEqualTo(409);
      assertThat(Client.code(refused)).isEqualTo("job_not_waiting");
      assertThat(Client.json(refused).path("state").asString("")).isEqualTo(state);
    }
    assertThat(keys("penstock.control")).doesNotContain(id + "/retry-now");
    views.waitingJob(id, 2);
    for (int times = 0; times < 2; times++) {
      HttpResponse<String> response = retryNow(id);
      assertThat(response.statusCode()).isEqualTo(202);
      assertThat(Client.json(response).path("retryNow").asString("")).isEqualTo("requested");
    }
    var found = new ArrayList<RetryNowRequest>();
    for (var record : Topic.read(broker.bootstrapServers(), "penstock.control", PARTITIONS)) {
      if (RetryNowRecords.jobOf(record.key()).equals(JobId.parse(id))) {
        assertThat(record.partition())
            .isEqualTo(
                BuiltInPartitioner.partitionForKey(
                    id.getBytes(StandardCharsets.UTF_8), PARTITIONS));
        found.add(
            ((Decoded.Value<RetryNowRequest>) JsonCodec.RETRY_NOW_REQUESTS.decode(record.value()))
                .value());
      }
    }
    assertThat(found).hasSize(2).allMatch(request -> request.isFor(0, 2));
    assertThat(Client.code(retryNow(UNKNOWN))).isEqualTo("job_not_found");
  }

  private static HttpResponse<String> retryNow(String id) {
    return client.send(
        "POST", "/v1/jobs/" + id + "/retry-now", java.net.http.HttpRequest.BodyPublishers.noBody());
  }

  @Test
  void aClientThatLeavesClosesTheStreamBehindAndStreamsAreBounded() throws Exception {
    String id = "01990000-0000-7000-8000-000000000005";
    views.events(id, List.of("id: 0.0.0\nevent: accepted\ndata: {}", "..."));
    try (var one = RawConnection.open(intake.port());
        var two = RawConnection.open(intake.port())) {
      for (var connection : List.of(one, two)) {
        connection.sendHead("GET /v1/jobs/" + id + "/events");
        assertThat(connection.readUntil("event: accepted")).contains("200 OK");
      }
      HttpResponse<String> third = client.get("/v1/jobs/" + id + "/events");
      assertThat(third.statusCode()).isEqualTo(503);
      assertThat(Client.code(third)).isEqualTo("too_many_streams");
    }
    assertThat(views.streamBroken.await(30, TimeUnit.SECONDS)).isTrue();
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> client.get("/metrics").body().contains("penstock_api_event_streams 0.0"));
  }

  @Test
  void aCancellationIsRequestedOnTheControlTopic() {
    String id = "01990000-0000-7000-8000-000000000006";
    views.job(id, "running", "0.1.1");
    HttpResponse<String> response = client.delete("/v1/jobs/" + id);
    assertThat(response.statusCode()).isEqualTo(202);
    assertThat(Client.json(response).path("cancel").asString("")).isEqualTo("requested");
    List<CancelRequest> requests = new ArrayList<>();
    for (var record : Topic.read(broker.bootstrapServers(), "penstock.control", PARTITIONS)) {
      if (!new String(record.key(), StandardCharsets.UTF_8).equals(id)) {
        continue;
      }
      requests.add(
          ((Decoded.Value<CancelRequest>) JsonCodec.CANCEL_REQUESTS.decode(record.value()))
              .value());
    }
    assertThat(requests)
        .singleElement()
        .satisfies(request -> {
          assertThat(request.jobId()).hasToString(id);
          assertThat(request.generation()).isZero();
        });
  }

  @Test
  void anEndedJobCanNotBeCancelled() {
    String id = "01990000-0000-7000-8000-000000000007";
    views.job(id, "dead-lettered", "0.21.3");
    HttpResponse<String> response = client.delete("/v1/jobs/" + id);
    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(Client.code(response)).isEqualTo("already_finished");
    assertThat(Client.json(response).path("state").asString("")).isEqualTo("dead-lettered");
    assertThat(Client.code(client.delete("/v1/jobs/" + UNKNOWN))).isEqualTo("job_not_found");
  }

  @Test
  void theServiceTellsHowItIs() {
    assertThat(intake.health()).isEqualTo(Health.READY);
    assertThat(client.get("/healthz").body()).isEqualTo("alive\n");
    assertThat(client.get("/readyz").body()).isEqualTo("ready\n");
    client.post(Client.JOB);
    assertThat(client.get("/metrics").body())
        .contains("penstock_api_jobs_total{outcome=\"accepted\"}")
        .contains(
            "penstock_api_requests_seconds_count{method=\"POST\",route=\"/v1/jobs\",status=\"202\"}")
        .contains("penstock_api_ack_seconds_count");
  }

  @Test
  void whoSendsMoreThanTheLimitIsToldWhenToComeBackAndStreamsAreSlowedDown() throws Exception {
    var limited =
        IntakeService.of(
            Settings.of(
                Map.of(
                    "kafka.bootstrap",
                    broker.bootstrapServers(),
                    "topics.partitions",
                    String.valueOf(PARTITIONS),
                    "api.port",
                    "0",
                    "api.rate-limit-per-second",
                    "2")));
    limited.start();
    try (var sender = new Client(limited.port());
        var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
      List<java.util.concurrent.Callable<HttpResponse<String>>> calls =
          java.util.Collections.nCopies(40, () -> sender.post(Client.JOB));
      var statuses = new TreeSet<Integer>();
      for (var call : threads.invokeAll(calls)) {
        HttpResponse<String> response = call.get();
        statuses.add(response.statusCode());
        assertThat(response.headers().firstValue("RateLimit-Policy")).hasValue("\"jobs\";q=2;w=1");
        assertThat(response.headers().firstValue("RateLimit").orElseThrow())
            .matches("\"jobs\";r=[0-2];t=1");
        if (response.statusCode() == 429) {
          assertThat(Client.code(response)).isEqualTo("rate_limited");
          assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
        }
      }
      assertThat(statuses).containsExactly(202, 429);
      assertThat(
              sender
                  .post((Client.JOB + "\n").repeat(5), "Content-Type", "application/x-ndjson")
                  .body()
                  .lines())
          .hasSize(5)
          .allSatisfy(line -> assertThat(line).contains("\"id\""));
    } finally {
      limited.close();
    }
  }

  private static ConsumerRecord<byte[], byte[]> record(String id) {
    return Topic.read(broker.bootstrapServers(), "penstock.jobs", PARTITIONS).stream()
        .filter(record -> new String(record.key(), StandardCharsets.UTF_8).equals(id))
        .reduce((_, _) -> {
          throw new AssertionError("the job stands on the topic twice");
        })
        .orElseThrow();
  }

  private static HttpResponse<String> release(String id) {
    return client.send(
        "POST", "/v1/jobs/" + id + "/release", java.net.http.HttpRequest.BodyPublishers.noBody());
  }

  private static List<OrderedRecord> line(String key) {
    return Topic.read(broker.bootstrapServers(), "penstock.ordered", PARTITIONS).stream()
        .filter(record -> new String(record.key(), StandardCharsets.UTF_8).equals(key))
        .map(record ->
            ((Decoded.Value<OrderedRecord>) JsonCodec.ORDERED.decode(record.value())).value())
        .toList();
  }

  private static List<String> keys(String topic) {
    return Topic.read(broker.bootstrapServers(), topic, PARTITIONS).stream()
        .map(record -> new String(record.key(), StandardCharsets.UTF_8))
        .toList();
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(
        Objects.requireNonNull(record.headers().lastHeader(name)).value(), StandardCharsets.UTF_8);
  }
}
