package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.TenantId;
import dev.penstock.lifecycle.Health;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.worker.provider.Providers;
import dev.penstock.worker.thread.SystemThreads;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The worker on a real broker. */
final class WorkerServiceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

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

  @BeforeEach
  void freshInstallation() {
    fixture.reset();
  }

  @Test
  void everyJobEndsInExactlyOneOutcome() {
    var settings =
        Map.of(
            "worker.provider.simulated.failure-rate", "0.3",
            "worker.provider.simulated.throttle-rate", "0.1",
            "worker.provider.simulated.invalid-rate", "0.1",
            "worker.provider.simulated.retry-after", "30ms",
            // Else one that is throttled keeps all the others from running.
            "worker.breaker.enabled", "false");
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      var jobs = fixture.submit(1_000);
      awaitFinished(jobs);
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(fixture.lag()).isZero());
    }
    var events = fixture.events();
    var finished = fixture.finished();
    assertThat(finished)
        .extracting(JobEvent.Finished::jobId)
        .doesNotHaveDuplicates()
        .hasSize(1_000);
    assertThat(finished).allMatch(event -> event.attempts().size() <= 5);
    assertThat(finished.stream().map(event -> event.outcome().state()).collect(Collectors.toSet()))
        .hasSize(2);
    long deadLettered =
        finished.stream().filter(event -> event.outcome() instanceof Outcome.DeadLettered).count();
    assertThat(fixture.read(fixture.topics().deadLetters())).hasSize((int) deadLettered);
    long retries = events.stream().filter(JobEvent.RetryScheduled.class::isInstance).count();
    assertThat(retries).isPositive();
    assertThat(fixture.read(fixture.topics().retry())).hasSize((int) retries);
  }

  @Test
  void retriesKeepTheirDueTimeAndRetryAfterIsHonoured() {
    var settings =
        Map.of(
            "worker.provider.simulated.throttle-rate", "0.5",
            "worker.provider.simulated.retry-after", "200ms");
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      awaitFinished(fixture.submit(100));
    }
    for (JobEvent.Finished event : fixture.finished()) {
      for (int i = 1; i < event.attempts().size(); i++) {
        var failed = event.attempts().get(i - 1);
        Instant notBefore = failed.startedAt().plus(failed.latency()).plusMillis(200);
        assertThat(event.attempts().get(i).startedAt()).isAfterOrEqualTo(notBefore);
      }
    }
  }

  @Test
  void aBudgetHoldsForTwoWorkersTogetherAndAfterARestart(@TempDir Path prices) throws IOException {
    Path file = prices.resolve("prices.json");
    Files.writeString(
        file,
        """
        {"currency": "EUR", "prices": [
          {"provider": "simulated", "model": "*", "from": "2026-01-01", "input": 10, "output": 10}]}
        """);
    // A call takes 1,000 tokens, which is a cent, and what is guessed of its input.
    var settings =
        Map.of(
            "worker.prices-file", file.toString(),
            "worker.provider.simulated.input-tokens", "1000",
            "worker.provider.simulated.latency-mean", "100ms",
            "worker.slots", "2",
            "worker.budget.tenant.acme.per-month", "0.4");
    try (var first = fixture.worker("w1", settings);
        var second = fixture.worker("w2", settings)) {
      first.start();
      second.start();
      // What runs when a partition goes to another worker is paid for, and of no use.
      awaitShares("w1-claim", "w2-claim");
      var jobs = IntStream.range(0, 100).mapToObj(_ -> ofTenant("acme")).toList();
      jobs.forEach(fixture::submit);
      awaitFinished(jobs);
    }
    long answered = fixture.finished().stream().filter(WorkerServiceTest::succeeded).count();
    assertThat(answered).isBetween(36L, 40L);
    assertThat(fixture.finished().stream().filter(event -> !succeeded(event)))
        .hasSize(100 - (int) answered)
        .allSatisfy(event -> {
          assertThat(event.attempts()).isEmpty();
          var end = (Outcome.DeadLettered) event.outcome();
          assertThat(end.reason().code()).isEqualTo("budget");
          assertThat(end.reason().message()).contains("0.4 of 0.4 EUR");
        });
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      var late = ofTenant("acme");
      var others = ofTenant("globex");
      fixture.submit(late);
      fixture.submit(others);
      awaitFinished(List.of(late, others));
      assertThat(metrics(worker))
          .contains("penstock_worker_budget_spent{")
          .contains("penstock_worker_budget_limit{");
      assertThat(fixture.finished().stream().filter(WorkerServiceTest::succeeded))
          .hasSize((int) answered + 1)
          .extracting(JobEvent.Finished::jobId)
          .contains(others.id())
          .doesNotContain(late.id());
    }
  }

  private static String metrics(WorkerService worker) throws IOException {
    URI metrics = URI.create("http://127.0.0.1:" + worker.port() + "/metrics");
    try (InputStream body = metrics.toURL().openStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static boolean succeeded(JobEvent.Finished event) {
    return event.outcome() instanceof Outcome.Succeeded;
  }

  private static Job ofTenant(String tenant) {
    return new Job(
        JobId.random(Instant.now()),
        "simulated",
        new JobInput.Embed("x".repeat(4_000)),
        5,
        Duration.ofSeconds(30),
        Instant.now(),
        null,
        Map.of(),
        null,
        null,
        null,
        Priority.NORMAL,
        false,
        new TenantId(tenant),
        null);
  }

  @Test
  void aLimitOfCallsAtOnceHoldsForTwoWorkersTogether() {
    var settings =
        Map.of(
            "worker.limit.simulated.concurrency", "3",
            "worker.provider.simulated.latency-mean", "100ms",
            "worker.provider.simulated.latency-sigma", "0");
    try (var one = fixture.worker("w1", settings);
        var other = fixture.worker("w2", settings)) {
      one.start();
      other.start();
      awaitFinished(fixture.submit(60));
    }
    var calls = fixture.finished().stream().map(event -> event.attempts().getLast()).toList();
    assertThat(calls).allMatch(call -> call.failure() == null);
    for (Attempt call : calls) {
      Instant at = call.startedAt();
      assertThat(calls)
          .filteredOn(each ->
              !each.startedAt().isAfter(at) && each.startedAt().plus(each.latency()).isAfter(at))
          .hasSizeLessThanOrEqualTo(3);
    }
  }

  @Test
  void deadLettersHoldTheWholeJobItsHistoryAndItsOrigin() {
    try (var worker =
        fixture.worker("w1", Map.of("worker.provider.simulated.failure-rate", "1.0"))) {
      worker.start();
      var job = fixture.submit(1).getFirst();
      awaitFinished(List.of(job));
      var letter = deadLetter(fixture.read(fixture.topics().deadLetters()).getFirst());
      assertThat(letter.job()).isEqualTo(job);
      assertThat(letter.generation()).isZero();
      assertThat(letter.attempts())
          .extracting(Attempt::number)
          .as("each attempt, in order")
          .containsExactly(1, 2, 3, 4, 5);
      assertThat(letter.attempts())
          .allSatisfy(attempt -> {
            assertThat(attempt.provider()).isEqualTo("simulated");
            assertThat(attempt.worker()).isEqualTo("w1");
            assertThat(attempt.startedAt()).isAfterOrEqualTo(job.acceptedAt());
            assertThat(attempt.latency()).isGreaterThanOrEqualTo(Duration.ZERO);
            assertThat(attempt.failure())
                .isEqualTo(new Failure.Retryable("simulated: the server had an error"));
          });
      assertThat(letter.reason()).isInstanceOf(Failure.Retryable.class);
      assertThat(letter.origin().topic()).isEqualTo(fixture.topics().retry());
      assertThat(fixture.read(letter.origin().topic()))
          .as("the record whose consumption ended it")
          .anyMatch(record ->
              record.partition() == letter.origin().partition()
                  && record.offset() == letter.origin().offset()
                  && new String(record.key(), StandardCharsets.UTF_8).equals(job.id().toString())
                  && header(record, RecordHeaders.ATTEMPT).equals("5"));
    }
  }

  @Test
  void aModelThatNobodyServesIsDeadLetteredAtOnceWithTheReason() {
    try (var worker = fixture.worker("w1", Map.of())) {
      worker.start();
      var job = with("nobody:x", null);
      fixture.submit(job);
      awaitFinished(List.of(job));
    }
    assertThat(fixture.finished().getFirst().outcome())
        .isInstanceOfSatisfying(
            Outcome.DeadLettered.class,
            outcome -> assertThat(outcome.reason().message()).contains("nobody:x"));
  }

  @Test
  void unreadableRecordsReachTheDeadLettersByteForByteAndStopNothing() {
    byte[] garbage = {(byte) 0xc3, 0x28, 0, 1, 2};
    var huge = new byte[1_990_000];
    try (var worker = fixture.worker("w1", Map.of())) {
      worker.start();
      for (String topic : fixture.topics().claimed()) {
        fixture.sendRaw(topic, null, garbage);
        fixture.sendRaw(topic, WorkerFixture.bytes("k"), null);
        fixture.sendRaw(topic, WorkerFixture.bytes("k"), WorkerFixture.bytes("{\"v\":2}"));
        fixture.sendRaw(
            topic, WorkerFixture.bytes("k"), WorkerFixture.bytes("{\"v\":1,\"job\":{}}"));
        fixture.sendRaw(topic, WorkerFixture.bytes("k"), huge);
      }
      fixture.sendRaw(fixture.topics().jobs(), new byte[60_000], new byte[1_920_000]);
      fixture.sendRaw(fixture.topics().jobs(), WorkerFixture.bytes("k"), tooLargeForAJob());
      fixture.sendRaw(fixture.topics().control(), WorkerFixture.bytes("k"), garbage);
      awaitFinished(fixture.submit(50));
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(fixture.read(fixture.topics().deadLetters())).hasSize(32));
      assertThat(worker.health()).isInstanceOf(Health.Ready.class);
    }
    var letters = fixture.read(fixture.topics().deadLetters());
    assertThat(letters)
        .allMatch(letter -> header(letter, RecordHeaders.DEAD_LETTER).equals("poison"));
    assertThat(letters).allMatch(letter -> !header(letter, RecordHeaders.REASON).isBlank());
    assertThat(letters.stream().filter(letter -> letter.key() == null))
        .hasSize(6)
        .allMatch(letter -> java.util.Arrays.equals(letter.value(), garbage));
    assertThat(
            letters.stream()
                .map(letter -> header(letter, RecordHeaders.ORIGINAL_BYTES))
                .filter(bytes -> !bytes.isEmpty()))
        .as("only what does not fit is cut, and says how large it was")
        .hasSize(7)
        .containsOnly("1990001", "1980000")
        .containsOnlyOnce("1980000");
    assertThat(fixture.finished()).hasSize(50);
  }

  @Test
  void aWaitingQueuedOrRunningJobIsCancelled() {
    var settings =
        Map.of(
            "worker.provider.simulated.hang-rate", "0.5",
            "worker.provider.simulated.throttle-rate", "0.5",
            "worker.provider.simulated.retry-after", "15s",
            // Else one that is throttled keeps all the others from running.
            "worker.breaker.enabled", "false",
            "worker.adaptive-concurrency", "false",
            "worker.slots", "20");
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      var jobs = fixture.submit(100);
      await()
          .atMost(PATIENCE)
          .until(() ->
              fixture.events().stream().filter(JobEvent.AttemptStarted.class::isInstance).count()
                  >= 20);
      jobs.forEach(job -> fixture.cancel(job.id()));
      awaitFinished(jobs);
    }
    assertThat(fixture.finished()).allMatch(event -> event.outcome() instanceof Outcome.Cancelled);
    // The requests are taken back in the transaction of the outcome.
    var last =
        fixture.read(fixture.topics().control()).stream()
            .filter(
                record -> !new String(record.key(), StandardCharsets.UTF_8).startsWith("worker/"))
            .collect(
                Collectors.toMap(
                    record -> new String(record.key(), StandardCharsets.UTF_8),
                    record -> record.value() == null,
                    (_, later) -> later));
    assertThat(last).hasSize(100).allSatisfy((_, forgotten) -> assertThat(forgotten).isTrue());
  }

  @Test
  void aCancelThatWasRequestedBeforeTheWorkerStartedIsKnownToIt() {
    var jobs = fixture.submit(20);
    jobs.forEach(job -> fixture.cancel(job.id()));
    try (var worker = fixture.worker("w1", Map.of())) {
      worker.start();
      awaitFinished(jobs);
    }
    assertThat(fixture.finished()).allMatch(event -> event.outcome() instanceof Outcome.Cancelled);
  }

  @Test
  void aJobExpiresWhereverItIs() {
    try (var worker = fixture.worker("w1", Map.of("worker.provider.simulated.hang-rate", "1.0"))) {
      worker.start();
      var late = with("simulated", Instant.now().minusSeconds(1));
      var running = with("simulated", Instant.now().plusMillis(1_500));
      fixture.submit(late);
      fixture.submit(running);
      awaitFinished(List.of(late, running));
    }
    assertThat(fixture.finished()).allMatch(event -> event.outcome() instanceof Outcome.Expired);
  }

  @Test
  void aCallThatTakesTooLongIsInterruptedAndTriedAgain() {
    try (var worker = fixture.worker("w1", Map.of("worker.provider.simulated.hang-rate", "1.0"))) {
      worker.start();
      var job =
          new Job(
              JobId.random(Instant.now()),
              "simulated",
              new JobInput.Embed("x"),
              2,
              Duration.ofMillis(200),
              Instant.now(),
              null,
              Map.of());
      fixture.submit(job);
      awaitFinished(List.of(job));
    }
    assertThat(fixture.finished().getFirst())
        .satisfies(event -> {
          assertThat(event.attempts()).hasSize(2);
          assertThat(event.attempts()).allMatch(a -> a.failure() instanceof Failure.TimedOut);
        });
  }

  @Test
  void workersThatComeAndGoLoseAndDoubleNothing() {
    var settings =
        Map.of(
            "worker.provider.simulated.latency-mean", "20ms",
            "worker.provider.simulated.failure-rate", "0.1",
            "worker.slots", "50");
    var jobs = fixture.submit(3_000);
    try (var third = fixture.worker("w3", settings)) {
      try (var first = fixture.worker("w1", settings)) {
        first.start();
        awaitSome(200);
        try (var second = fixture.worker("w2", settings)) {
          second.start();
          awaitSome(800);
        }
        awaitSome(1_500);
        third.start();
      }
      awaitFinished(jobs);
    }
    assertThat(fixture.finished())
        .extracting(JobEvent.Finished::jobId)
        .doesNotHaveDuplicates()
        .hasSize(3_000);
  }

  @Test
  void aLogThatWasTruncatedAndGrewAgainIsAnAlarm() {
    fixture.submit(30);
    int former = fixture.leaderEpoch(0);
    fixture.restartBroker();
    fixture.submit(60);
    assertThat(fixture.leaderEpoch(0)).isGreaterThan(former);
    // As if a worker had read more under the former leader than is left of its log: what it
    // finished is not what stands at these offsets now.
    fixture.commit(0, fixture.count(0) - 1, former);
    try (var worker = fixture.worker("w1", Map.of())) {
      worker.start();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(worker.health())
                  .isInstanceOfSatisfying(
                      Health.Dead.class, dead -> assertThat(dead.reason()).contains("Truncated")));
    }
  }

  @Test
  void offsetsAreCommittedWithTheEpochTheyWereReadUnder() {
    try (var worker = fixture.worker("w1", Map.of())) {
      worker.start();
      awaitFinished(fixture.submit(30));
      await().atMost(PATIENCE).until(() -> fixture.lag() == 0);
    }
    assertThat(fixture.committedEpoch(0)).hasValue(fixture.leaderEpoch(0));
  }

  @Test
  void everyWorkerGetsItsShareOfEveryLane() {
    try (var first = fixture.worker("w1", Map.of());
        var second = fixture.worker("w2", Map.of())) {
      first.start();
      second.start();
      awaitShares("w1-claim", "w2-claim");
    }
  }

  /** Until each of these two has of the three partitions of each topic one or two. */
  private static void awaitShares(String... claimants) {
    int topics = fixture.topics().claimed().size();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          Map<String, List<String>> shares = fixture.shares();
          assertThat(shares).containsOnlyKeys(claimants);
          assertThat(shares.values())
              .allSatisfy(share ->
                  assertThat(share)
                      .containsAll(fixture.topics().claimed())
                      .hasSizeBetween(topics, 2 * topics));
        });
  }

  @Test
  void aDrainedWorkerFinishesWhatRunsAndHandsBackTheRest() {
    var settings =
        Map.of(
            "worker.provider.simulated.latency-mean", "300ms",
            "worker.provider.simulated.latency-sigma", "0",
            "worker.slots", "10");
    var jobs = fixture.submit(200);
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      awaitSome(20);
    }
    var events = fixture.events();
    Set<JobId> started = new HashSet<>();
    Set<JobId> ended = new HashSet<>();
    for (JobEvent event : events) {
      switch (event) {
        case JobEvent.AttemptStarted e -> started.add(e.jobId());
        case JobEvent.Finished e -> ended.add(e.jobId());
        case JobEvent.RetryScheduled _ -> {}
      }
    }
    assertThat(ended).as("every call that was begun was also settled").containsAll(started);
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      awaitFinished(jobs);
    }
    assertThat(fixture.finished())
        .extracting(JobEvent.Finished::jobId)
        .doesNotHaveDuplicates()
        .hasSize(200);
  }

  @Test
  void aJobOfHighPriorityPassesThousandsOfSlowOnesOfLowPriority() {
    var settings =
        Map.of(
            "worker.provider.simulated.latency-mean", "1s",
            "worker.provider.simulated.latency-sigma", "0",
            "worker.slots", "3",
            "worker.slots-reserved-for-high", "1",
            "worker.drain-grace", "0s");
    var low = IntStream.range(0, 5_000).mapToObj(i -> WorkerFixture.job(i, Priority.LOW)).toList();
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      low.forEach(fixture::submit);
      fixture.flush();
      awaitSome(2);
      var urgent = WorkerFixture.job(-1, Priority.HIGH);
      fixture.submit(urgent);
      awaitFinished(List.of(urgent));
      assertThat(fixture.finished()).as("all would take 40 minutes").hasSizeLessThan(1_000);
    }
  }

  @Test
  void retriesStandInTheLaneOfTheirPriority() {
    try (var worker =
        fixture.worker("w1", Map.of("worker.provider.simulated.failure-rate", "1.0"))) {
      worker.start();
      var jobs = Priority.all().stream().map(each -> WorkerFixture.job(0, each)).toList();
      jobs.forEach(fixture::submit);
      fixture.flush();
      awaitFinished(jobs);
      for (Job job : jobs) {
        assertThat(fixture.read(fixture.topics().retry(job.priority())))
            .hasSize(4)
            .allMatch(record ->
                new String(record.key(), StandardCharsets.UTF_8).equals(job.id().toString()));
      }
    }
  }

  @Test
  void aWorkerWhoseClockIsOffIsNotReadyAndDoesNothingUntilItIsRight() {
    var off = new AtomicReference<>(Duration.ofSeconds(5));
    WorkerConfig config = WorkerConfig.read(fixture.settings("w1", Map.of()));
    try (var supervisor =
        supervisor(config, () -> Instant.now().plus(off.get()), config.providers().providers())) {
      supervisor.start();
      var job = fixture.submit(1).getFirst();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(supervisor.health())
                  .isInstanceOfSatisfying(
                      Health.NotReady.class,
                      health ->
                          assertThat(health.reason()).contains("ahead of Kafka's", "clock-bound")));
      assertThat(fixture.events()).isEmpty();
      off.set(Duration.ZERO);
      awaitFinished(List.of(job));
      assertThat(supervisor.health()).isInstanceOf(Health.Ready.class);
    }
  }

  @Test
  void callsThatDoNotEndAreNamedAndTooManyOfThemAreDeadlyUntilTheyEnd() {
    var settings = Map.of("worker.slots", "2", "worker.drain-grace", "0s");
    WorkerConfig config = WorkerConfig.read(fixture.settings("w1", settings));
    var release = new CountDownLatch(1);
    try (var supervisor =
        supervisor(config, InstantSource.system(), List.of(new DeafProvider(release)))) {
      supervisor.start();
      var job = brief();
      fixture.submit(job);
      fixture.flush();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(supervisor.health())
                  .isInstanceOfSatisfying(
                      Health.Dead.class,
                      health ->
                          assertThat(health.reason())
                              .contains("1 of 2 slots", job.id().toString(), "attempt 1")));
      awaitFinished(List.of(job));
      release.countDown();
      await().atMost(PATIENCE).until(() -> supervisor.health().equals(Health.READY));
    }
  }

  /** Does not care about interrupts. */
  private record DeafProvider(CountDownLatch release) implements Provider {
    @Override
    public String name() {
      return "simulated";
    }

    @Override
    public Set<JobKind> kinds() {
      return EnumSet.allOf(JobKind.class);
    }

    @Override
    public ProviderResult call(ProviderCall call) {
      while (true) {
        try {
          release.await();
          return new ProviderResult.Failed(new Failure.Retryable("at last"));
        } catch (InterruptedException _) {
          // It goes on: that is the point.
        }
      }
    }
  }

  private static Supervisor supervisor(
      WorkerConfig config, InstantSource clock, List<Provider> providers) {
    var machine =
        new Machine(
            new SystemThreads(),
            clock,
            new Random(1),
            1,
            reason -> {
              throw new AssertionError("halted: " + reason);
            });
    return new Supervisor(
        config,
        new Providers(providers),
        machine,
        new RealKafkaClients(config.kafka(), config.id()),
        new WorkerMetrics(
            new SimpleMeterRegistry(),
            config.limits(),
            config.kafka().topics(),
            Set.of(),
            Map.of()));
  }

  private static Job brief() {
    return new Job(
        JobId.random(Instant.now()),
        "simulated",
        new JobInput.Embed("x"),
        1,
        Duration.ofMillis(100),
        Instant.now(),
        null,
        Map.of());
  }

  /** A job that can be read, but whose history would not fit beside it. */
  private static byte[] tooLargeForAJob() {
    var job =
        new Job(
            JobId.random(Instant.now()),
            "simulated",
            new JobInput.Embed("x"),
            5,
            Duration.ofSeconds(30),
            Instant.now(),
            null,
            Map.of("large", "x".repeat(1_500_000)));
    return JsonCodec.JOB_RECORDS.encode(dev.penstock.job.JobRecord.accepted(job));
  }

  private static void awaitSome(int count) {
    await().atMost(PATIENCE).until(() -> fixture.finished().size() >= count);
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

  private static Job with(String model, @org.jspecify.annotations.Nullable Instant expireAt) {
    return new Job(
        JobId.random(Instant.now()),
        model,
        new JobInput.Embed("x"),
        3,
        Duration.ofSeconds(30),
        Instant.now(),
        expireAt,
        Map.of());
  }

  private static DeadLetter deadLetter(ConsumerRecord<byte[], byte[]> record) {
    return switch (JsonCodec.DEAD_LETTERS.decode(record.value())) {
      case Decoded.Value<DeadLetter>(DeadLetter letter) -> letter;
      case Decoded.Refused<DeadLetter>(String reason) -> throw new IllegalStateException(reason);
    };
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    var header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
