package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.Outcome;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.lifecycle.Health;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.hold.RequestBook;
import dev.penstock.worker.settle.Trimmer;
import dev.penstock.worker.window.MovedOffsets;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that wait long, on a real broker, with holds that are short. */
final class HoldsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final List<Duration> SHORT =
      List.of(Duration.ofMillis(400), Duration.ofMillis(1_600));

  @TempDir static Path directory;
  private static WorkerFixture fixture;

  @BeforeAll
  static void startBroker() {
    fixture = new WorkerFixture(directory);
  }

  @AfterAll
  static void stopBroker() {
    fixture.close();
  }

  @Test
  void aRetryThatIsDueLateGoesDownTheHoldsAndStartsWhenItIsDue() {
    fixture.reset(SHORT);
    var settings =
        Map.of(
            "worker.provider.simulated.throttle-rate", "1.0",
            "worker.provider.simulated.retry-after", "4500ms",
            // Else the first that is throttled keeps all the others from running.
            "worker.breaker.enabled", "false");
    List<Job> jobs;
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      jobs = IntStream.range(0, 20).mapToObj(i -> twoAttempts(i)).toList();
      jobs.forEach(fixture::submit);
      fixture.flush();
      awaitFinished(jobs);
    }
    for (JobEvent.Finished event : fixture.finished()) {
      var failed = event.attempts().getFirst();
      assertThat(event.attempts().getLast().startedAt())
          .isAfterOrEqualTo(failed.startedAt().plus(failed.latency()).plusMillis(4_500));
    }
    var retries = fixture.read(fixture.topics().retry());
    assertThat(retries).as("each arrived once").hasSize(20);
    var byKey = retries.stream().collect(Collectors.toMap(HoldsTest::key, record -> record));
    var held =
        fixture.topics().holdTopics().stream()
            .flatMap(topic -> fixture.read(topic).stream())
            .toList();
    assertThat(held).hasSizeGreaterThanOrEqualTo(20);
    for (var record : held) {
      var last = Objects.requireNonNull(byKey.get(key(record)));
      assertThat(last.value()).as("passed on byte for byte").isEqualTo(record.value());
      assertThat(last.headers()).isEqualTo(record.headers());
    }
  }

  @Test
  void heldJobsThatAreCancelledOrAskedForLeaveAtOnceAndTheOthersStay() {
    fixture.reset(List.of(Duration.ofMillis(400), Duration.ofHours(1)));
    var jobs = IntStream.range(0, 60).mapToObj(WorkerFixture::job).toList();
    Instant dueAt = Instant.now().plus(Duration.ofDays(20));
    jobs.forEach(job -> fixture.hold(job, fixture.topics().holdTopics().getLast(), dueAt));
    fixture.flush();
    var cancelled = jobs.subList(20, 25);
    var wanted = jobs.subList(40, 45);
    try (var worker = fixture.worker("w1", Map.of())) {
      worker.start();
      cancelled.forEach(job -> fixture.cancel(job.id()));
      wanted.forEach(job -> fixture.retryNow(job.id()));
      awaitFinished(Stream.concat(cancelled.stream(), wanted.stream()).toList());
    }
    assertThat(fixture.finished()).hasSize(10);
    for (JobEvent.Finished event : fixture.finished()) {
      boolean ran = wanted.stream().anyMatch(job -> job.id().equals(event.jobId()));
      assertThat(event.outcome())
          .isInstanceOf(ran ? Outcome.Succeeded.class : Outcome.Cancelled.class);
    }
    assertThat(fixture.read(fixture.topics().retry())).as("each left once").hasSize(10);
    assertThat(keysThatWait(fixture.topics().holdTopics().getLast())).hasSize(50);
    var obeyed =
        fixture.read(fixture.topics().control()).stream()
            .filter(record -> record.key() != null && record.value() == null)
            .map(HoldsTest::key)
            .toList();
    assertThat(obeyed).as("what was asked is taken off the topic").hasSizeGreaterThanOrEqualTo(10);
    assertThat(obeyed).containsAll(wanted.stream().map(j -> RetryNowRequest.key(j.id())).toList());
  }

  @Test
  void aThousandOfTenThousandLeaveOnceEachThroughFaultsAndWithLittleRoomToTellOfIt() {
    fixture.reset(List.of(Duration.ofMillis(400), Duration.ofHours(1)));
    String hold = fixture.topics().holdTopics().getLast();
    var jobs = IntStream.range(0, 10_000).mapToObj(WorkerFixture::job).toList();
    Instant dueAt = Instant.now().plus(Duration.ofDays(20));
    jobs.forEach(job -> fixture.hold(job, hold, dueAt));
    fixture.flush();
    var shuffled = new ArrayList<>(jobs);
    Collections.shuffle(shuffled, new Random(11));
    var wanted = shuffled.subList(0, 1_000);
    var book = new RequestBook();
    CoreInbox inbox = book.listeningFor(new Deaf());
    wanted.forEach(job ->
        inbox.tell(
            new CoreEvent.RetryNowRequested(new RetryNowRequest(job.id(), 0, 0, Instant.now()))));
    var config =
        HoldLives.withMetadata(
            WorkerConfig.read(fixture.settings("w1", Map.of("worker.transaction-timeout", "2s"))),
            60);
    // The first move is refused, the second dies before its commit, of the third the answer is
    // lost.
    var clients =
        new FaultyClients(new RealKafkaClients(config.kafka(), config.id()), new Random(4441));
    try (var lives = HoldLives.of(config, clients, book)) {
      lives.start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(fixture.read(fixture.topics().retry()))
                  .hasSizeGreaterThanOrEqualTo(1_000));
    }
    assertThat(clients.faults()).as("faults were made").isGreaterThanOrEqualTo(3);
    assertThat(fixture.read(fixture.topics().retry()).stream().map(HoldsTest::key))
        .containsExactlyInAnyOrderElementsOf(
            wanted.stream().map(job -> job.id().toString()).toList());
    assertThat(keysThatWait(hold))
        .containsExactlyInAnyOrderElementsOf(
            shuffled.subList(1_000, 10_000).stream().map(job -> job.id().toString()).toList());
  }

  /** Of each record that has not left the hold, its key. */
  private static List<String> keysThatWait(String hold) {
    try (var admin = admin()) {
      var committed =
          admin
              .listConsumerGroupOffsets(fixture.topics().holdGroup())
              .partitionsToOffsetAndMetadata()
              .get();
      Uuid id =
          Objects.requireNonNull(admin.describeTopics(Set.of(hold)).allTopicNames().get().get(hold))
              .topicId();
      var waiting = new ArrayList<String>();
      for (var record : fixture.read(hold)) {
        var offset =
            Objects.requireNonNull(committed.get(new TopicPartition(hold, record.partition())));
        var moved =
            (MovedOffsets.Restored.Moved)
                MovedOffsets.read(offset.offset(), id, offset.metadata(), MovedOffsets.MAX_CHARS);
        if (record.offset() >= offset.offset() && !moved.offsets().contains(record.offset())) {
          waiting.add(key(record));
        }
      }
      return waiting;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A core that is told nothing. */
  private static final class Deaf implements CoreInbox {
    @Override
    public void tell(CoreEvent event) {}

    @Override
    public int backlog() {
      return 0;
    }
  }

  @Test
  void aJobOfTheJobsTopicThatIsDueLateMovesToTheHolds() {
    fixture.reset(SHORT);
    var job = WorkerFixture.job(1);
    try (var worker = fixture.worker("w1", Map.of())) {
      worker.start();
      // Once the worker reads, so that the job is not due already when it is read.
      awaitFinished(fixture.submit(1));
      fixture.hold(job, fixture.topics().jobs(), Instant.now().plusSeconds(8));
      fixture.flush();
      awaitFinished(List.of(job));
    }
    assertThat(fixture.read(fixture.topics().hold(SHORT.get(1)))).isNotEmpty();
    assertThat(fixture.finished())
        .hasSize(2)
        .allMatch(event -> event.outcome() instanceof Outcome.Succeeded);
  }

  @Test
  void poisonInAHoldTopicReachesTheDeadLettersByteForByteAndStopsNothing() {
    fixture.reset(SHORT);
    byte[] garbage = {(byte) 0xc3, 0x28, 0, 1, 2};
    var large = new byte[1_990_000];
    var jobs = IntStream.range(0, 20).mapToObj(WorkerFixture::job).toList();
    for (String hold : fixture.topics().holdTopics()) {
      fixture.sendRaw(hold, null, garbage);
      fixture.sendRaw(hold, new byte[60_000], null);
      fixture.sendRaw(hold, WorkerFixture.bytes("k"), large);
    }
    jobs.forEach(job ->
        fixture.hold(job, fixture.topics().hold(SHORT.get(0)), Instant.now().plusSeconds(2)));
    fixture.flush();
    try (var worker = fixture.worker("w1", Map.of())) {
      worker.start();
      awaitFinished(jobs);
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(fixture.read(fixture.topics().deadLetters())).hasSize(6));
      assertThat(worker.health()).isInstanceOf(Health.Ready.class);
    }
    var letters = fixture.read(fixture.topics().deadLetters());
    assertThat(letters)
        .allMatch(letter -> header(letter, RecordHeaders.DEAD_LETTER).equals("poison"));
    assertThat(letters.stream().filter(letter -> Arrays.equals(letter.value(), garbage)))
        .hasSize(2);
  }

  @Test
  void workersThatComeAndGoMoveEachHeldJobOnceAndNoneEarly() {
    fixture.reset(SHORT);
    var jobs = IntStream.range(0, 2_000).mapToObj(WorkerFixture::job).toList();
    Instant first = Instant.now().plusSeconds(4);
    for (int i = 0; i < jobs.size(); i++) {
      fixture.hold(jobs.get(i), fixture.topics().hold(SHORT.get(i % 2)), first.plusMillis(3L * i));
    }
    fixture.flush();
    try (var third = fixture.worker("w3", Map.of())) {
      try (var first1 = fixture.worker("w1", Map.of())) {
        first1.start();
        await().atMost(PATIENCE).until(() -> fixture.finished().size() > 200);
        try (var second = fixture.worker("w2", Map.of())) {
          second.start();
          await().atMost(PATIENCE).until(() -> fixture.finished().size() > 600);
        }
        third.start();
      }
      awaitFinished(jobs);
    }
    assertThat(fixture.finished())
        .extracting(JobEvent.Finished::jobId)
        .doesNotHaveDuplicates()
        .hasSize(2_000);
    assertThat(fixture.read(fixture.topics().retry())).as("each arrived once").hasSize(2_000);
    var started =
        fixture.finished().stream()
            .collect(
                Collectors.toMap(
                    JobEvent.Finished::jobId, each -> each.attempts().getFirst().startedAt()));
    for (int i = 0; i < jobs.size(); i++) {
      assertThat(started.get(jobs.get(i).id())).isAfterOrEqualTo(first.plusMillis(3L * i));
    }
  }

  @Test
  void movesThatFailOrWhoseResultIsUnknownLoseAndDoubleNothing() {
    fixture.reset(SHORT);
    var jobs = IntStream.range(0, 1_000).mapToObj(WorkerFixture::job).toList();
    Instant first = Instant.now().plusSeconds(3);
    for (int i = 0; i < jobs.size(); i++) {
      fixture.hold(jobs.get(i), fixture.topics().hold(SHORT.get(i % 2)), first.plusMillis(10L * i));
    }
    fixture.flush();
    var config =
        WorkerConfig.read(fixture.settings("w1", Map.of("worker.transaction-timeout", "2s")));
    var clients =
        new FaultyClients(new RealKafkaClients(config.kafka(), config.id()), new Random(7));
    try (var lives = HoldLives.of(config, clients)) {
      lives.start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(fixture.read(fixture.topics().retry()))
                  .hasSizeGreaterThanOrEqualTo(1_000));
    }
    assertThat(clients.faults()).as("faults were made").isGreaterThan(5);
    assertThat(fixture.read(fixture.topics().retry()).stream().map(HoldsTest::key))
        .doesNotHaveDuplicates()
        .hasSize(1_000);
  }

  @Test
  void whatHasMovedOnIsDeletedAndWhatWaitsIsNot() throws Exception {
    fixture.reset(List.of(Duration.ofMillis(400), Duration.ofHours(1)));
    var moves = WorkerFixture.job(1);
    var waits = WorkerFixture.job(2);
    String shortHold = fixture.topics().holdTopics().getFirst();
    String longHold = fixture.topics().holdTopics().getLast();
    fixture.hold(moves, shortHold, Instant.now().plusMillis(500));
    fixture.hold(waits, longHold, Instant.now().plus(Duration.ofDays(1)));
    fixture.flush();
    try (var worker = fixture.worker("w1", Map.of());
        var trimmer = new Trimmer(fixture.kafka(), "w1")) {
      worker.start();
      awaitFinished(List.of(moves));
      trimmer.trimHolds();
    }
    assertThat(fixture.read(shortHold)).isEmpty();
    assertThat(fixture.read(longHold)).hasSize(1);
    assertThat(beginnings(shortHold)).isPositive();
  }

  @Test
  void aLostOffsetOfAHoldIsAnAlarmAndNeverABeginning() throws Exception {
    fixture.reset(SHORT);
    var worker = fixture.worker("w1", Map.of());
    worker.start();
    await().atMost(PATIENCE).until(() -> worker.health() instanceof Health.Ready);
    worker.close();
    try (var admin = admin()) {
      admin
          .deleteConsumerGroupOffsets(
              fixture.topics().holdGroup(),
              Set.of(new TopicPartition(fixture.topics().holdTopics().getFirst(), 0)))
          .all()
          .get();
    }
    // What the start would seed again: a worker that is running already must not begin at the
    // log's beginning.
    var settings = WorkerConfig.read(fixture.settings("w1", Map.of()));
    try (var lives = HoldLives.of(settings)) {
      lives.start();
      await().atMost(PATIENCE).until(() -> lives.health() instanceof Health.Dead);
      assertThat(((Health.Dead) lives.health()).reason()).contains("offset");
    }
  }

  private static long beginnings(String topic) throws Exception {
    try (var admin = admin()) {
      long sum = 0;
      for (int p = 0; p < fixture.topics().partitions(); p++) {
        var partition = new TopicPartition(topic, p);
        sum +=
            admin
                .listOffsets(Map.of(partition, OffsetSpec.earliest()))
                .partitionResult(partition)
                .get()
                .offset();
      }
      return sum;
    }
  }

  private static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", fixture.kafka().bootstrap()));
  }

  private static Job twoAttempts(int number) {
    var job = WorkerFixture.job(number);
    return new Job(
        job.id(),
        job.model(),
        job.input(),
        2,
        job.attemptTimeout(),
        job.acceptedAt(),
        null,
        Map.of());
  }

  private static void awaitFinished(List<Job> jobs) {
    Set<JobId> ids = jobs.stream().map(Job::id).collect(Collectors.toSet());
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(
                    fixture.finished().stream()
                        .map(JobEvent.Finished::jobId)
                        .collect(Collectors.toSet()))
                .containsAll(ids));
  }

  private static String key(ConsumerRecord<byte[], byte[]> record) {
    return new String(record.key(), StandardCharsets.UTF_8);
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    var header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
