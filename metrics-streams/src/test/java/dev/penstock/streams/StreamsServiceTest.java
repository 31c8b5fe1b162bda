package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobView;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.utils.Utils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@SuppressWarnings("NullAway.Init")
final class StreamsServiceTest {
  @RegisterExtension static final Installations installations = new Installations();
  private Harness harness;

  @BeforeEach
  void prepare() {
    harness = installations.own();
  }

  @Test
  void aJobIsThereOnceItWasAcknowledged() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    for (int i = 0; i < 500; i++) {
      Job job = harness.accept();
      JobView view = harness.view(service, job.id());
      assertThat(view.state()).isEqualTo("queued");
    }
  }

  @Test
  void aJobWrittenInATransactionIsThereOnceItWasCommitted() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Producer<String, byte[]> transactional = harness.producer(Map.of("transactional.id", "t"));
    transactional.initTransactions();
    for (int i = 0; i < 50; i++) {
      Job job = Lives.job(Instant.now());
      transactional.beginTransaction();
      var _ = transactional.send(harness.record(JobRecord.accepted(job)));
      transactional.commitTransaction();
      assertThat(harness.view(service, job.id()).state()).isEqualTo("queued");
    }
  }

  @Test
  void anUnknownJobIsNotFound() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    harness.accept();
    for (String id : List.of(JobId.random(Instant.now()).toString(), "nonsense", "%00%ff")) {
      for (String route : List.of("", "/result", "/events")) {
        HttpResponse<String> response = harness.get(service, "/internal/v1/jobs/" + id + route);
        assertThat(response.statusCode()).as(id + route).isEqualTo(404);
        assertThat(response.body()).contains("\"code\":\"job_not_found\"");
        assertThat(response.headers().firstValue("content-type"))
            .contains("application/problem+json");
      }
    }
  }

  @Test
  void aTailOfTransactionMarkersHidesNoEnd() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Producer<String, byte[]> transactional = harness.producer(Map.of("transactional.id", "t"));
    transactional.initTransactions();
    for (int i = 0; i < 10; i++) {
      Job committed = Lives.job(Instant.now());
      transactional.beginTransaction();
      var _ = transactional.send(harness.record(JobRecord.accepted(committed)));
      transactional.commitTransaction();
      assertNotFound(service, unknownBeside(committed.id()));
      Job aborted = Lives.job(Instant.now());
      transactional.beginTransaction();
      var _ = transactional.send(harness.record(JobRecord.accepted(aborted)));
      transactional.abortTransaction();
      assertNotFound(service, aborted.id());
    }
  }

  @Test
  void aTailOfMarkersFromBeforeTheStartHidesNoEnd() throws Exception {
    StreamsService before = harness.start("a", Map.of());
    Job known = harness.accept();
    assertThat(harness.view(before, known.id()).state()).isEqualTo("queued");
    before.close();
    Producer<String, byte[]> transactional = harness.producer(Map.of("transactional.id", "t"));
    transactional.initTransactions();
    Job aborted = Lives.job(Instant.now());
    transactional.beginTransaction();
    var _ = transactional.send(harness.record(JobRecord.accepted(aborted)));
    transactional.abortTransaction();
    StreamsService after = harness.start("a", Map.of());
    assertNotFound(after, aborted.id());
    assertNotFound(after, unknownBeside(known.id()));
    assertThat(harness.view(after, known.id()).state()).isEqualTo("queued");
  }

  @Test
  void aJobBehindAnOpenTransactionIsNeverCalledUnknown() throws Exception {
    StreamsService service = harness.start("a", Map.of("streams.view-wait", "300ms"));
    Job open = Lives.job(Instant.now());
    Producer<String, byte[]> transactional = harness.producer(Map.of("transactional.id", "t"));
    transactional.initTransactions();
    transactional.beginTransaction();
    var sent = transactional.send(harness.record(JobRecord.accepted(open)));
    transactional.flush();
    sent.get();
    Job behind = jobBeside(open.id());
    harness.send(JobRecord.accepted(behind));
    HttpResponse<String> response = harness.job(service, behind.id());
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.body()).contains("view_not_ready");
    assertThat(response.headers().firstValue("retry-after")).isPresent();
    transactional.commitTransaction();
    harness.awaitState(service, behind.id(), "queued");
    harness.awaitState(service, open.id(), "queued");
  }

  @Test
  void theResultIsThereOnceTheJobIsFinished() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    String path = "/internal/v1/jobs/" + job.id() + "/result";
    HttpResponse<String> early = harness.get(service, path);
    assertThat(early.statusCode()).isEqualTo(409);
    assertThat(early.body()).contains("\"code\":\"job_not_finished\"");
    harness.send(Lives.started(job.id(), 0, 1, "w1", Instant.now()));
    harness.send(Lives.succeeded(job.id(), 0, 1, Instant.now()));
    harness.awaitState(service, job.id(), "succeeded");
    HttpResponse<String> response = harness.get(service, path);
    assertThat(response.statusCode()).isEqualTo(200);
    JobResult result = Json.MAPPER.readValue(response.body(), JobResult.class);
    assertThat(result.output()).isEqualTo(Lives.output());
    assertThat(result.state()).isEqualTo("succeeded");
  }

  @Test
  void aCancelRequestIsShown() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    harness.send(new CancelRequest(job.id(), 0, Instant.now()));
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(
            () -> assertThat(harness.view(service, job.id()).cancelRequested()).isTrue());
    assertThat(harness.view(service, job.id()).state()).isEqualTo("queued");
    assertThat(harness.job(service, job.id()).headers().firstValue("etag"))
        .contains("\"0.0.0+cancel\"");
  }

  @Test
  void whoHasSeenALaterVersionIsNotShownAnEarlierOne() throws Exception {
    StreamsService service = harness.start("a", Map.of("streams.view-wait", "300ms"));
    Job job = harness.accept();
    HttpResponse<String> first = harness.job(service, job.id());
    assertThat(first.headers().firstValue("etag")).contains("\"0.0.0\"");
    assertThat(harness.job(service, job.id(), "If-None-Match", "\"0.0.0\"").statusCode())
        .isEqualTo(304);
    assertThat(harness.job(service, job.id(), "If-None-Match", "\"0.1.1\"").statusCode())
        .isEqualTo(503);
    assertThat(harness.job(service, job.id(), "If-None-Match", "W/\"whatever\"").statusCode())
        .isEqualTo(200);
    assertThat(harness.events(service, job.id(), "Last-Event-ID", "0.1.1").statusCode())
        .isEqualTo(503);
    assertThat(harness.events(service, job.id(), "Last-Event-ID", "x").statusCode()).isEqualTo(400);
  }

  @Test
  void whoHasSeenALaterVersionWaitsForTheView() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job job = harness.accept();
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<HttpResponse<String>> waiting =
          askers.submit(() -> harness.job(service, job.id(), "If-None-Match", "\"0.1.1+cancel\""));
      harness.send(Lives.started(job.id(), 0, 1, "w1", Instant.now()));
      assertThat(waiting.get().statusCode()).isEqualTo(200);
      assertThat(waiting.get().body()).contains("\"state\":\"running\"");
    }
  }

  @Test
  void aStormOfUnknownJobsIsAnsweredTruly() throws Exception {
    harness = installations.common();
    StreamsService service = installations.service();
    Job known = harness.accept();
    var asks = new ArrayList<Callable<Integer>>();
    for (int i = 0; i < 400; i++) {
      JobId id = i % 10 == 0 ? known.id() : JobId.random(Instant.now());
      asks.add(() -> harness.job(service, id).statusCode());
    }
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answers = askers.invokeAll(asks);
      for (int i = 0; i < answers.size(); i++) {
        assertThat(answers.get(i).get()).isEqualTo(i % 10 == 0 ? 200 : 404);
      }
    }
  }

  @Test
  void undecodableRecordsInAllTopicsDisturbNoOne() throws Exception {
    StreamsService service = harness.start("a", Map.of());
    for (String topic :
        List.of(harness.topics.jobs(), harness.topics.events(), harness.topics.control())) {
      for (String value : List.of("", "{", "{\"v\":1}", "{\"v\":2,\"x\":1}", "\u0000\u0001")) {
        harness
            .producer()
            .send(
                new org.apache.kafka.clients.producer.ProducerRecord<>(
                    topic, "some key", value.getBytes(StandardCharsets.UTF_8)))
            .get();
      }
    }
    Job job = harness.accept();
    harness.send(Lives.succeeded(job.id(), 0, 1, Instant.now()));
    harness.awaitState(service, job.id(), "succeeded");
    assertThat(harness.get(service, "/readyz").statusCode()).isEqualTo(200);
    assertThat(harness.get(service, "/healthz").statusCode()).isEqualTo(200);
    assertThat(harness.get(service, "/metrics").body())
        .contains("penstock_streams_records_total{input=\"events\",reading=\"unreadable\"} 5.0")
        .contains("penstock_streams_alive_threads{app=\"views\"} 1.0")
        .contains("penstock_streams_partitions 4.0");
  }

  @Test
  void stateThatIsLostIsComputedAnewToTheSameViews() throws Exception {
    StreamsService first = harness.start("a", Map.of());
    var random = new java.util.Random(11);
    var jobs = new ArrayList<JobId>();
    for (int i = 0; i < 30; i++) {
      Job job = Lives.job(Instant.now());
      jobs.add(job.id());
      for (Object record : Lives.random(job, random)) {
        harness.send(record);
      }
    }
    Job last = harness.accept();
    harness.send(Lives.succeeded(last.id(), 0, 1, Instant.now()));
    harness.awaitState(first, last.id(), "succeeded");
    jobs.add(last.id());
    List<String> before = views(first, jobs);
    first.close();
    Utils.delete(harness.stateDirectory("a").toFile());
    StreamsService second = harness.start("a", Map.of());
    assertThat(views(second, jobs)).isEqualTo(before);
  }

  @Test
  void stopBeforeStartAndDoubleStopDoNothing() {
    StreamsService service = harness.starting("a", Map.of());
    assertThat(service.port()).isPositive();
    service.start();
    service.close();
    service.close();
    StreamsService never =
        StreamsService.of(dev.penstock.config.Settings.of(harness.settings("b")));
    never.close();
    never.start();
    assertThat(never.port()).isZero();
  }

  private List<String> views(StreamsService service, List<JobId> jobs) throws Exception {
    var views = new ArrayList<String>();
    for (JobId job : jobs) {
      views.add(harness.job(service, job).body());
      views.add(harness.get(service, "/internal/v1/jobs/" + job + "/result").body());
    }
    return views;
  }

  private void assertNotFound(StreamsService service, JobId id) throws Exception {
    HttpResponse<String> response = harness.job(service, id);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(404);
  }

  private JobId unknownBeside(JobId id) {
    return jobBeside(id).id();
  }

  /** A job in the same partition. */
  private Job jobBeside(JobId id) {
    while (true) {
      Job job = Lives.job(Instant.now());
      if (harness.partition(job.id()) == harness.partition(id)) {
        return job;
      }
    }
  }
}
