package dev.penstock.replayer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.CacheRule;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.topic.RecordHeaders;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two replayers and a broker; the test is the worker. Each test has topics of its own. */
final class ExperimentsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String ORIGINAL = "penstock.original";

  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static HttpClient http;
  private Installation all;
  private Producer<byte[], byte[]> producer;
  private final List<ReplayerService> replayers = new ArrayList<>();
  private final Set<JobId> answered = new HashSet<>();

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(directory, 0);
    http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  @AfterAll
  static void stopBroker() {
    http.close();
    broker.close();
  }

  @BeforeEach
  void start(TestInfo test) {
    all = new Installation(broker, test.getTestMethod().orElseThrow().getName() + ".");
    Map<String, Object> settings = all.kafka.clientSettings("worker");
    producer = Clients.REAL.producer(settings);
    replayers.add(all.replayer());
    replayers.add(all.replayer());
  }

  @AfterEach
  void stop() {
    replayers.forEach(ReplayerService::close);
    producer.close();
    all.close();
  }

  private JsonNode send(int replayer, int status, String path, @Nullable String json)
      throws Exception {
    var request =
        HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + replayers.get(replayer).port() + path));
    if (json != null) {
      request
          .header("Content-Type", "application/json")
          .POST(BodyPublishers.ofString(json.replace('\'', '"')));
    }
    HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    return Json.MAPPER.readTree(answer.body());
  }

  private JsonNode show(int replayer, String id) throws Exception {
    return send(replayer, 200, "/v1/experiments/" + id, null);
  }

  private void awaitState(int replayer, String id, String state) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(show(replayer, id).path("state").asString("")).isEqualTo(state));
  }

  private static Job job(String model, String prompt) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    return new Job(
        JobId.random(now),
        model,
        new JobInput.Generate(prompt, null, 100),
        3,
        Duration.ofSeconds(30),
        now,
        now.plusSeconds(1),
        Map.of("team", "search"),
        null,
        null,
        null,
        Priority.NORMAL,
        false,
        TenantId.of("acme"),
        null);
  }

  /** As the intake takes it. */
  private void accept(Job job) {
    var record =
        new ProducerRecord<>(
            all.topics.jobs(job.priority()),
            Installation.bytes(job.id().toString()),
            JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job)));
    record.headers().add(RecordHeaders.GENERATION, Installation.bytes("0"));
    var _ = producer.send(record);
  }

  /** As a worker tells it. */
  private void finish(JobId id, Outcome outcome, long costNanos) {
    var served = new Served("m", null, Usage.NONE, costNanos, null);
    Failure failure = outcome instanceof Outcome.DeadLettered(Failure reason) ? reason : null;
    var attempt =
        new Attempt(1, "local", "w", Instant.now(), Duration.ofMillis(costNanos), failure, served);
    var event = new JobEvent.Finished(id, 0, List.of(attempt), outcome, Instant.now());
    var record =
        new ProducerRecord<>(
            all.topics.events(), Installation.bytes(id.toString()), JsonCodec.EVENTS.encode(event));
    record.headers().add(RecordHeaders.GENERATION, Installation.bytes("0"));
    var _ = producer.send(record);
  }

  private static Outcome said(String text) {
    return new Outcome.Succeeded(new JobOutput.Text(text));
  }

  /** Jobs that have ended, by number. */
  private Map<JobId, Integer> originals(String model, int count) {
    var ids = new HashMap<JobId, Integer>();
    for (int i = 0; i < count; i++) {
      Job job = job(model, "question " + i);
      accept(job);
      finish(job.id(), said("answer " + i), 100);
      ids.put(job.id(), i);
    }
    producer.flush();
    return ids;
  }

  /** Jobs that experiments have put to the workers. */
  private List<Job> reruns() {
    return all.read(all.topics.jobs(Priority.LOW)).stream()
        .map(record -> JsonCodec.JOB_RECORDS.decode(record.value()))
        .map(decoded -> ((Decoded.Value<JobRecord>) decoded).value().job())
        .toList();
  }

  private static JobId original(Job rerun) {
    return JobId.of(rerun.labels().getOrDefault(ORIGINAL, ""));
  }

  /** Every third is answered otherwise, and every tenth fails; returns how many were answered. */
  private int work(Map<JobId, Integer> originals) {
    int worked = 0;
    for (Job job : reruns()) {
      if (answered.add(job.id())) {
        int number = Objects.requireNonNull(originals.get(original(job)));
        finish(
            job.id(),
            number % 10 == 9
                ? new Outcome.DeadLettered(new Failure.Retryable("no"))
                : said(number % 3 == 0 ? "another answer" : "answer  " + number),
            40);
        worked++;
      }
    }
    producer.flush();
    return worked;
  }

  private int coordinator() {
    await()
        .atMost(PATIENCE)
        .until(() -> replayers.stream().anyMatch(each -> each.coordinator().isPresent()));
    return replayers.get(0).coordinator().isPresent() ? 0 : 1;
  }

  @Test
  void eachJobOfTheSelectionIsRunAgainOnceThoughTheCoordinatorGoesInTheMiddle() throws Exception {
    Map<JobId, Integer> originals = originals("openai:big", 40);
    Map<JobId, Integer> others = originals("openai:other", 5);
    long recordsBefore =
        (long) all.read(all.topics.jobs()).size() + all.read(all.topics.events()).size();
    int first = coordinator();
    int second = 1 - first;
    JsonNode made =
        send(
            second,
            202,
            "/v1/experiments",
            "{'id':'small','by':'ann','selection':{'filter':{'model':['openai:big'],"
                + "'label':['team:search']}},'override':{'model':'openai:small'},"
                + "'patch':[{'op':'add','path':'/input/system','value':'Be brief.'}],"
                + "'pace':{'inFlight':7}}");
    assertThat(made.path("state").asString("")).isEqualTo("selecting");
    awaitState(first, "small", "draft");
    JsonNode preview = show(second, "small").path("preview");
    assertThat(preview.path("selected").asInt(0)).isEqualTo(40);
    assertThat(preview.path("expected").path("costNanos").asLong(0)).isEqualTo(4_000);
    assertThat(preview.path("examples").toString()).contains("openai:small", "/input/system");
    assertThat(reruns()).as("nothing begins before it is confirmed").isEmpty();

    send(second, 200, "/v1/experiments/small/confirm", "{'by':'bob'}");
    await().atMost(PATIENCE).until(() -> reruns().size() == 7);
    int worked = work(originals);
    while (worked < 18) {
      await().atMost(PATIENCE).until(() -> reruns().size() > answered.size());
      worked += work(originals);
    }
    replayers.get(first).close();
    await()
        .atMost(PATIENCE)
        .until(() -> {
          work(originals);
          return show(second, "small").path("state").asString("").equals("done");
        });

    List<Job> reruns = reruns();
    assertThat(reruns.stream().map(Job::id)).doesNotHaveDuplicates().hasSize(40);
    assertThat(reruns.stream().map(ExperimentsTest::original))
        .containsExactlyInAnyOrderElementsOf(originals.keySet());
    assertThat(reruns)
        .allSatisfy(job -> {
          assertThat(job.model()).isEqualTo("openai:small");
          assertThat(job.tenant().name()).isEqualTo("x.small");
          assertThat(job.expireAt()).isNull();
          assertThat(job.cache()).isEqualTo(CacheRule.NEVER);
          assertThat(job.labels()).containsEntry("team", "search");
          assertThat(job.input())
              .isInstanceOfSatisfying(
                  JobInput.Generate.class,
                  input -> assertThat(input.system()).isEqualTo("Be brief."));
        });
    assertThat(
            (long) all.read(all.topics.jobs()).size() + all.read(all.topics.events()).size() - 40)
        .as("nothing was written of the originals")
        .isEqualTo(recordsBefore);
    assertThat(others.keySet()).doesNotContainAnyElementsOf(answered);
    compares(second, originals);
    assertThat(send(second, 200, "/v1/audit/verification", null).path("sound").asBoolean(false))
        .isTrue();
    assertThat(
            send(second, 200, "/v1/audit?plan=small", null)
                .path("entries")
                .valueStream()
                .map(
                    entry -> entry.path("did").asString("") + " " + entry.path("who").asString("")))
        .containsExactly(
            "experiment-done penstock",
            "experiment-confirm bob",
            "experiment-draft penstock",
            "experiment-create ann");
  }

  private void compares(int replayer, Map<JobId, Integer> originals) throws Exception {
    JsonNode comparison = show(replayer, "small").path("comparison");
    long failed = originals.values().stream().filter(number -> number % 10 == 9).count();
    long different =
        originals.values().stream().filter(number -> number % 10 != 9 && number % 3 == 0).count();
    assertThat(comparison.path("ended").asInt(0)).isEqualTo(40);
    assertThat(comparison.path("open").asInt(-1)).isZero();
    assertThat(comparison.path("newlyFailed").asLong(0)).isEqualTo(failed);
    assertThat(comparison.path("different").asLong(0)).isEqualTo(different);
    assertThat(comparison.path("same").asLong(0)).isEqualTo(40 - failed - different);
    assertThat(comparison.at("/costNanos/before/sum").asLong(0)).isEqualTo(4_000);
    assertThat(comparison.at("/costNanos/after/sum").asLong(0)).isEqualTo(1_600);
    assertThat(comparison.at("/latencyMillis/before/p95").asLong(0)).isEqualTo(100);
    assertThat(comparison.at("/latencyMillis/after/p50").asLong(0)).isEqualTo(40);

    var told = new HashSet<String>();
    String cursor = "";
    do {
      JsonNode page =
          send(replayer, 200, "/v1/experiments/small/items?different=true&limit=10" + cursor, null);
      page.path("items")
          .forEach(item -> {
            assertThat(item.at("/before/output/text").asString("")).startsWith("answer ");
            assertThat(item.at("/after/output/text").asString(""))
                .isEqualTo(
                    item.path("state").asString("").equals("succeeded") ? "another answer" : "");
            assertThat(told.add(item.path("original").asString(""))).isTrue();
          });
      String next = page.path("next").asString("");
      cursor = next.isEmpty() ? "" : "&cursor=" + next;
    } while (!cursor.isEmpty());
    assertThat(told).hasSize((int) (failed + different));
  }

  @Test
  void anAbortBeginsNothingMoreAndCancelsWhatIsOnTheWay() throws Exception {
    originals("local", 10);
    int here = coordinator();
    send(
        here,
        202,
        "/v1/experiments",
        "{'id':'a','selection':{'filter':{},'sample':{'count':6}},'pace':{'inFlight':4}}");
    awaitState(here, "a", "draft");
    JsonNode draft = show(here, "a");
    assertThat(draft.at("/preview/matched").asInt(0)).isEqualTo(10);
    assertThat(draft.path("jobs").asInt(0)).isEqualTo(6);
    send(
        here,
        409,
        "/v1/experiments/a/confirm",
        "{'version':" + (draft.path("version").asInt(0) + 1) + "}");
    send(here, 200, "/v1/experiments/a/confirm", "{'version':" + draft.path("version") + "}");
    await().atMost(PATIENCE).until(() -> reruns().size() == 4);
    send(here, 200, "/v1/experiments/a/abort", "{}");
    send(here, 409, "/v1/experiments/a/confirm", "{}");
    assertThat(
            all.read(all.topics.control()).stream()
                .map(record -> new String(record.key(), StandardCharsets.UTF_8)))
        .containsExactlyInAnyOrderElementsOf(
            reruns().stream().map(job -> job.id().toString()).toList());
    reruns().forEach(job -> finish(job.id(), new Outcome.Cancelled(), 1));
    producer.flush();
    await().atMost(PATIENCE).until(() -> show(here, "a").at("/comparison/ended").asInt(0) == 4);
    assertThat(show(here, "a").path("state").asString("")).isEqualTo("aborted");
    assertThat(reruns()).hasSize(4);
  }

  @Test
  void whatIsWrongIsRefusedAndWhatCannotRunIsCounted() throws Exception {
    int here = coordinator();
    JsonNode problem =
        send(
            here,
            422,
            "/v1/experiments",
            "{'selection':{'filter':{'from':'soon'},'ids':[]},'override':{'model':' '},'x':1}");
    assertThat(problem.path("errors").valueStream().map(e -> e.path("pointer").asString("")))
        .contains("/x");
    send(here, 404, "/v1/experiments/none", null);
    send(here, 404, "/v1/experiments/none/confirm", "{}");
    originals("local", 3);
    String wanted =
        "{'id':'bad','selection':{'filter':{}},"
            + "'patch':[{'op':'replace','path':'/tenant','value':'acme'}]}";
    send(here, 202, "/v1/experiments", wanted);
    send(here, 202, "/v1/experiments", wanted);
    send(here, 409, "/v1/experiments", wanted.replace("acme", "other"));
    awaitState(here, "bad", "draft");
    assertThat(show(here, "bad").at("/preview/refused/0/count").asInt(0)).isEqualTo(3);
    assertThat(show(here, "bad").at("/preview/refused/0/detail").asString("")).contains("/tenant");
    send(here, 409, "/v1/experiments/bad/confirm", "{}");
    assertThat(
            IntStream.range(0, 2).mapToObj(replayer -> list(replayer).path("experiments").size()))
        .containsOnly(1);
  }

  private JsonNode list(int replayer) {
    try {
      return send(replayer, 200, "/v1/experiments", null);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
