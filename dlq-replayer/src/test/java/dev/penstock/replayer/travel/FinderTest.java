package dev.penstock.replayer.travel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.TenantId;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Violation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Jobs that all tests read, and none changes. */
final class FinderTest {
  private static final int PARTITIONS = 2;

  /** So few that the submissions are read several times. */
  private static final int CHUNK = 8;

  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static KafkaConfig kafka;
  private static List<Long> ends;
  private static final List<Job> big = new ArrayList<>();
  private static final List<Job> failed = new ArrayList<>();
  private static Job replayed;
  private static Job rerun;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
    kafka =
        KafkaConfig.read(
            Settings.of(
                    Map.of(
                        "kafka.bootstrap",
                        broker.bootstrapServers(),
                        "topics.partitions",
                        String.valueOf(PARTITIONS),
                        "topics.holds",
                        "16s"))
                .reader());
    new TopicProvisioner(kafka).ensure();
    try (Producer<byte[], byte[]> producer = Clients.REAL.producer(kafka.clientSettings("test"))) {
      for (int i = 0; i < 30; i++) {
        Job job = job("big", i % 3 == 0 ? Priority.HIGH : Priority.NORMAL, "acme");
        big.add(job);
        submit(producer, job, 0);
        end(producer, job, 0, true);
      }
      for (int i = 0; i < 4; i++) {
        Job job = job("small", Priority.LOW, "acme");
        failed.add(job);
        submit(producer, job, 0);
        end(producer, job, 0, false);
      }
      replayed = job("before", Priority.NORMAL, "acme");
      submit(producer, replayed, 0);
      end(producer, replayed, 0, false);
      Job changed =
          new Job(
              replayed.id(),
              "big",
              replayed.input(),
              3,
              Duration.ofSeconds(1),
              replayed.acceptedAt(),
              null,
              Map.of());
      submit(producer, changed, 1);
      end(producer, changed, 1, true);
      rerun = job("big", Priority.LOW, "x.earlier");
      submit(producer, rerun, 0);
      end(producer, rerun, 0, true);
      // Its submission is not kept any more.
      end(producer, job("big", Priority.LOW, "acme"), 0, true);
      producer.flush();
      ends = ends();
      Job later = job("big", Priority.LOW, "acme");
      submit(producer, later, 0);
      end(producer, later, 0, true);
    }
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  private static Job job(String model, Priority priority, String tenant) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    return new Job(
        JobId.random(now),
        model,
        new JobInput.Embed("some text"),
        3,
        Duration.ofSeconds(1),
        now,
        null,
        Map.of(),
        null,
        null,
        null,
        priority,
        false,
        TenantId.of(tenant),
        null);
  }

  private static void submit(Producer<byte[], byte[]> producer, Job job, int generation) {
    var _ =
        producer.send(
            new ProducerRecord<>(
                kafka.topics().jobs(job.priority()),
                job.id().toString().getBytes(StandardCharsets.UTF_8),
                JsonCodec.JOB_RECORDS.encode(new JobRecord(job, generation, List.of(), null))));
  }

  private static void end(
      Producer<byte[], byte[]> producer, Job job, int generation, boolean succeeded) {
    Outcome outcome =
        succeeded
            ? new Outcome.Succeeded(new JobOutput.Embedding(new float[] {1, 0}))
            : new Outcome.DeadLettered(new Failure.Retryable("no"));
    var _ =
        producer.send(
            new ProducerRecord<>(
                kafka.topics().events(),
                job.id().toString().getBytes(StandardCharsets.UTF_8),
                JsonCodec.EVENTS.encode(
                    new JobEvent.Finished(
                        job.id(), generation, List.of(), outcome, Instant.now()))));
  }

  private static Consumer<byte[], byte[]> consumer(String purpose) {
    Map<String, Object> settings = kafka.clientSettings(purpose);
    settings.put("isolation.level", "read_committed");
    settings.put("enable.auto.commit", false);
    settings.put("auto.offset.reset", "none");
    settings.put("fetch.max.wait.ms", 5);
    return Clients.REAL.consumer(settings);
  }

  private static List<Long> ends() {
    try (Consumer<byte[], byte[]> consumer = consumer("ends")) {
      var zero = new TopicPartition(kafka.topics().events(), 0);
      var one = new TopicPartition(kafka.topics().events(), 1);
      var all = consumer.endOffsets(List.of(zero, one));
      return List.of(all.getOrDefault(zero, 0L), all.getOrDefault(one, 0L));
    }
  }

  private record Found(List<Item> items, ObjectNode preview) {
    Set<JobId> ids() {
      var ids = new TreeSet<JobId>();
      items.forEach(item -> ids.add(item.original()));
      assertThat(ids).hasSize(items.size());
      return ids;
    }
  }

  private static Found find(String selection) throws Exception {
    var json = Json.MAPPER.readTree(selection.replace('\'', '"'));
    var experiment =
        new Experiment(
            "e",
            "e",
            "ann",
            Instant.now(),
            json,
            ends,
            null,
            10,
            null,
            Experiment.State.SELECTING,
            0,
            0,
            List.of(),
            1,
            Instant.now(),
            null);
    var violations = new ArrayList<Violation>();
    var parsed = JobSelection.of(json, violations);
    assertThat(violations).isEmpty();
    var items = new ArrayList<Item>();
    ObjectNode preview =
        new Finder(
                kafka.topics(),
                FinderTest::consumer,
                new SubmissionReader(Contract.load(), InstantSource.system()),
                InstantSource.system(),
                CHUNK)
            .find(experiment, parsed, items::addAll);
    assertThat(items.stream().map(Item::number))
        .containsExactlyElementsOf(IntStream.range(0, items.size()).boxed().toList());
    return new Found(items, preview);
  }

  private static Set<JobId> ids(List<Job> jobs, Job... more) {
    var ids = new TreeSet<JobId>();
    jobs.forEach(job -> ids.add(job.id()));
    for (Job job : more) {
      ids.add(job.id());
    }
    return ids;
  }

  @Test
  void jobsAreFoundOnAllLanesAsTheyWereInTheGenerationThatEnded() throws Exception {
    Found found = find("{'filter':{'model':['big']}}");
    assertThat(found.ids()).isEqualTo(ids(big, replayed));
    assertThat(found.items())
        .filteredOn(item -> item.original().equals(replayed.id()))
        .singleElement()
        .satisfies(item -> assertThat(item.generation()).isEqualTo(1));
    assertThat(found.preview().path("matched").asInt(0)).isEqualTo(31);
    assertThat(found.preview().at("/refused/0/reason").asString("")).isEqualTo("gone");
    assertThat(found.preview().at("/refused/0/count").asInt(0)).isEqualTo(1);
  }

  @Test
  void howTheyEndedAndWhoseTheyAreCounts() throws Exception {
    assertThat(find("{'filter':{'state':['dead-lettered'],'model':['small']}}").ids())
        .isEqualTo(ids(failed));
    assertThat(find("{'filter':{'tenant':['x.earlier']}}").ids()).isEqualTo(ids(List.of(), rerun));
    assertThat(
            find("{'ids':['" + big.getFirst().id() + "','" + failed.getFirst().id() + "']}").ids())
        .isEqualTo(ids(List.of(big.getFirst(), failed.getFirst())));
    assertThat(find("{'filter':{'kind':['generate']}}").items()).isEmpty();
    assertThat(find("{'filter':{'to':'2020-01-01T00:00:00Z'}}").items()).isEmpty();
    assertThat(find("{'filter':{'from':'2999-01-01T00:00:00Z'}}").items()).isEmpty();
    assertThat(find("{'filter':{'from':'2020-01-01T00:00:00Z','model':['big']}}").items())
        .hasSize(31);
  }

  @Test
  void theSameSeedDrawsTheSameSample() throws Exception {
    Found drawn = find("{'filter':{'model':['big']},'sample':{'count':10},'seed':3}");
    assertThat(drawn.items()).hasSize(10);
    assertThat(drawn.preview().path("matched").asInt(0)).isEqualTo(31);
    assertThat(find("{'filter':{'model':['big']},'sample':{'count':10},'seed':3}").ids())
        .isEqualTo(drawn.ids());
    assertThat(find("{'filter':{'model':['big']},'sample':{'count':10},'seed':4}").ids())
        .isNotEqualTo(drawn.ids());
    assertThat(find("{'filter':{'model':['big']},'sample':{'percent':50}}").items().size())
        .isBetween(2, 29);
  }

  @Test
  void anInterruptEndsIt() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> find("{'filter':{}}"))
        .isInstanceOfAny(
            InterruptedException.class, org.apache.kafka.common.errors.InterruptException.class);
    // Whichever it was, the thread goes on to other tests.
    var _ = Thread.interrupted();
  }
}
