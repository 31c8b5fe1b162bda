package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.fleet.WorkerCommand;
import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.topic.RecordHeaders;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Workers, topics and records of jobs over HTTP, on a real broker; one service for all tests. */
@SuppressWarnings("NullAway.Init")
@Timeout(120)
final class FleetTest {
  @RegisterExtension static final Installations installations = new Installations("fleet.");
  private static Harness harness;
  private static StreamsService service;
  private static HttpClient client;

  @BeforeAll
  static void start() {
    harness = installations.common();
    service = installations.service();
    client = HttpClient.newHttpClient();
  }

  @AfterAll
  static void stop() {
    client.close();
  }

  @Test
  void aWorkerIsShownAndToldWhatOperatorsWant() throws Exception {
    tell(report("w1"));
    JsonNode shown = awaitWorker("w1");
    assertThat(shown.path("state").asString()).isEqualTo("running");
    assertThat(shown.path("slots").asInt()).isEqualTo(8);
    assertThat(shown.path("partitions").toString())
        .isEqualTo(
            "[{\"topic\":\"fleet.jobs\",\"partition\":0},{\"topic\":\"fleet.jobs\",\"partition\":3}]");
    assertThat(json("/v1/providers").at("/providers/0/name").asString()).isEqualTo("local");

    HttpResponse<String> drained = post("/v1/workers/w1/drain");
    assertThat(drained.statusCode()).as(drained.body()).isEqualTo(202);
    assertThat(lastCommand("w1")).get().extracting(WorkerCommand::drain).isEqualTo(true);
    assertThat(post("/internal/v1/workers/w1/resume").statusCode()).isEqualTo(202);
    assertThat(lastCommand("w1")).get().extracting(WorkerCommand::drain).isEqualTo(false);

    HttpResponse<String> unknown = post("/v1/workers/nobody/drain");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(unknown.body()).contains("worker_not_found");
    assertThat(lastCommand("nobody")).isEmpty();
  }

  @Test
  void aParameterThatIsNotKnownIsRefused() throws Exception {
    HttpResponse<String> answer = harness.get(service, "/v1/workers?state=running");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("invalid_parameter");
  }

  @Test
  void topicsTellTheirEndsTheirReadersAndTheirReplicas() throws Exception {
    Job job = harness.accept();
    harness.awaitState(service, job.id(), "queued");
    long start = firstOffset(new TopicPartition("fleet.jobs", 0));
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(() -> {
          JsonNode jobs = topic("fleet.jobs");
          assertThat(jobs.path("group").asString()).isEqualTo("fleet.workers");
          assertThat(jobs.path("lag").asLong()).isPositive();
          assertThat(jobs.path("partitions").size()).isEqualTo(4);
          JsonNode partition = jobs.path("partitions").get(0);
          assertThat(partition.path("start").asLong(-1)).isEqualTo(start);
          assertThat(partition.path("committed").asLong(-1)).isZero();
          assertThat(partition.path("lag").asLong(-1)).isEqualTo(partition.path("end").asLong());
          assertThat(partition.path("leader").isNumber()).isTrue();
          assertThat(partition.path("isr").size()).isOne();
          assertThat(jobs.at("/others/0/group").asString()).isEqualTo("fleet.streams");
          assertThat(jobs.at("/others/0/lag").asLong(-1)).isZero();
        });
    assertThat(topic("fleet.limits").has("group")).isFalse();
  }

  @Test
  void theRecordsOfAJobAreFoundWhereTheyStand() throws Exception {
    Job job = Lives.job(Instant.now());
    var record = harness.record(JobRecord.accepted(job));
    record.headers().add(RecordHeaders.GENERATION, "0".getBytes(StandardCharsets.UTF_8));
    RecordMetadata place =
        harness.producer().send(record).get(Harness.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    harness.send(Lives.started(job.id(), 0, 1, "w1", Instant.now()));
    for (int i = 0; i < 50; i++) {
      harness.accept();
    }
    harness.send(Lives.retried(job.id(), 0, 1, Instant.now()));
    harness.send(Lives.started(job.id(), 0, 2, "w1", Instant.now()));
    harness.send(Lives.succeeded(job.id(), 0, 2, Instant.now()));
    harness.awaitState(service, job.id(), "succeeded");

    JsonNode found = json("/v1/jobs/" + job.id() + "/records");
    assertThat(found.has("missing")).as(found.toString()).isFalse();
    JsonNode records = found.path("records");
    assertThat(records.size()).isEqualTo(5);
    assertThat(records.get(0).path("topic").asString()).isEqualTo("fleet.jobs");
    assertThat(records.get(0).path("offset").asLong()).isEqualTo(place.offset());
    assertThat(records.get(0).path("partition").asInt()).isEqualTo(place.partition());
    assertThat(records.get(0).path("headers").path(RecordHeaders.GENERATION).asString())
        .isEqualTo("0");
    assertThat(records.get(0).at("/value/job/id").asString()).isEqualTo(job.id().toString());
    assertThat(List.of(1, 2, 3, 4))
        .extracting(i -> records.get(i).at("/value/event").asString())
        .containsExactly("attempt-started", "retry-scheduled", "attempt-started", "finished");
    assertThat(json("/v1/jobs/" + job.id() + "/input").path("kind").asString())
        .isEqualTo(job.input().kind().wireName());

    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", installations.broker().bootstrapServers()))) {
      admin
          .deleteRecords(
              Map.of(
                  new TopicPartition(place.topic(), place.partition()),
                  RecordsToDelete.beforeOffset(place.offset() + 1)))
          .all()
          .get(Harness.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    HttpResponse<String> gone = harness.get(service, "/v1/jobs/" + job.id() + "/input");
    assertThat(gone.statusCode()).as(gone.body()).isEqualTo(410);
    assertThat(gone.body()).contains("input_gone");
    JsonNode rest = json("/internal/v1/jobs/" + job.id() + "/records");
    assertThat(rest.path("records").size()).isEqualTo(4);
    assertThat(rest.path("missing").asString()).contains("no longer on its topic");
  }

  /** Not 0 once the test of a job's records has deleted one of this partition. */
  private static long firstOffset(TopicPartition partition) throws Exception {
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", installations.broker().bootstrapServers()))) {
      return admin
          .listOffsets(Map.of(partition, OffsetSpec.earliest()))
          .partitionResult(partition)
          .get(Harness.PATIENCE.toSeconds(), TimeUnit.SECONDS)
          .offset();
    }
  }

  private static WorkerReport report(String worker) {
    return new WorkerReport(
        worker,
        "1",
        "1.0",
        "host",
        Instant.now(),
        null,
        WorkerReport.State.RUNNING,
        null,
        false,
        new WorkerReport.Work(
            8, 2, 0, 5, List.of(new WorkerReport.Owned("fleet.jobs", List.of(0, 3))), List.of()),
        new WorkerReport.Surroundings(
            List.of("local"), List.of(), List.of(), List.of(), List.of()));
  }

  private static void tell(WorkerReport report) throws Exception {
    harness
        .producer()
        .send(
            new ProducerRecord<>(
                harness.topics.workers(), report.worker(), JsonCodec.WORKER_REPORTS.encode(report)))
        .get(Harness.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private static JsonNode awaitWorker(String id) {
    return Awaitility.await()
        .atMost(Harness.PATIENCE)
        .until(() -> find(json("/v1/workers").path("workers"), "id", id), JsonNode::isObject);
  }

  private static JsonNode topic(String name) throws Exception {
    return find(json("/v1/topics").path("topics"), "name", name);
  }

  private static JsonNode find(JsonNode array, String field, String value) {
    for (JsonNode each : array) {
      if (each.path(field).asString().equals(value)) {
        return each;
      }
    }
    return Json.MAPPER.missingNode();
  }

  private static JsonNode json(String path) throws Exception {
    HttpResponse<String> answer = harness.get(service, path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.MAPPER.readTree(answer.body());
  }

  private static HttpResponse<String> post(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
            .header("Penstock-Dashboard", "1")
            .POST(HttpRequest.BodyPublishers.noBody())
            .timeout(Harness.PATIENCE)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static Optional<WorkerCommand> lastCommand(String worker) {
    var place = new TopicPartition(harness.topics.workers(), 0);
    try (var consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                installations.broker().bootstrapServers(),
                // Closing waits for the last fetch.
                "fetch.max.wait.ms",
                20),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(place));
      consumer.seekToBeginning(List.of(place));
      long end = consumer.endOffsets(List.of(place)).getOrDefault(place, 0L);
      WorkerCommand last = null;
      while (consumer.position(place) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
          if (new String(record.key(), StandardCharsets.UTF_8).equals("command/" + worker)
              && JsonCodec.WORKER_COMMANDS.decode(record.value())
                  instanceof Decoded.Value<WorkerCommand>(WorkerCommand command)) {
            last = command;
          }
        }
      }
      return Optional.ofNullable(last);
    }
  }
}
