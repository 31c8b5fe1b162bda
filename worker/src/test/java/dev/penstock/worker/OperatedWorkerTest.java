package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.fleet.WorkerCommand;
import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.lifecycle.Health;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workers that tell how they are and do what operators want, on a real broker. */
@Timeout(180)
final class OperatedWorkerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Map<String, String> SETTINGS =
      Map.of(
          "worker.report-interval",
          "100ms",
          "worker.slots",
          "8",
          "worker.provider.simulated.latency-mean",
          "20ms",
          "worker.provider.simulated.latency-sigma",
          "0");

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
  void aDrainedWorkerGivesItsJobsToOthersUntilItIsResumedAlsoAfterARestart() {
    try (var second = fixture.worker("w2", SETTINGS)) {
      var first = fixture.worker("w1", SETTINGS);
      try {
        first.start();
        second.start();
        awaitState("w1", WorkerReport.State.RUNNING, true);
        awaitState("w2", WorkerReport.State.RUNNING, true);
        List<Job> before = fixture.submit(200);
        command("w1", true);
        awaitState("w1", WorkerReport.State.DRAINED, false);
        assertThat(first.health())
            .isInstanceOfSatisfying(
                Health.NotReady.class,
                health -> assertThat(health.reason()).contains("drained", "--resume w1"));
        Instant drained = Instant.now();
        List<Job> after = fixture.submit(50);
        awaitFinished(before, after);
        assertThat(startedBy("w1", drained)).isZero();

        first.close();
        assertThat(report("w1").orElseThrow().state()).isEqualTo(WorkerReport.State.STOPPED);
        first = fixture.worker("w1", SETTINGS);
        first.start();
        awaitState("w1", WorkerReport.State.DRAINED, false);

        command("w1", false);
        awaitState("w1", WorkerReport.State.RUNNING, true);
        List<Job> resumed = fixture.submit(100);
        awaitFinished(before, after, resumed);
        assertThat(startedBy("w1", drained)).isPositive();
        WorkerReport told = report("w1").orElseThrow();
        assertThat(told.version()).isNotBlank().doesNotContain("$");
        assertThat(told.opsUrl()).isEqualTo("http://127.0.0.1:" + first.port());
        assertThat(told.surroundings().providers()).contains("simulated");
      } finally {
        first.close();
      }
    }
  }

  @Test
  void runningCallsAreNamedAndEndWithinTheGrace() {
    var settings = new HashMap<>(SETTINGS);
    // Several reports long, and shorter than the grace.
    settings.put("worker.provider.simulated.latency-mean", "8s");
    try (var worker = fixture.worker("w1", settings)) {
      worker.start();
      List<Job> jobs = fixture.submit(1);
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(report("w1"))
                  .get()
                  .satisfies(report ->
                      assertThat(report.work().calls())
                          .singleElement()
                          .satisfies(call -> {
                            assertThat(call.jobId()).isEqualTo(jobs.getFirst().id());
                            assertThat(call.called()).isEqualTo("simulated");
                            assertThat(call.attempt()).isOne();
                            assertThat(call.stuck()).isFalse();
                          })));
      command("w1", true);
      awaitState("w1", WorkerReport.State.DRAINED, false);
      assertThat(fixture.finished())
          .singleElement()
          .satisfies(event -> assertThat(event.attempts()).hasSize(1));
      assertThat(report("w1").orElseThrow().work().calls()).isEmpty();
    }
  }

  @Test
  void itsOwnLastReportStandsForACommandThatIsForgotten() {
    try (var worker = fixture.worker("w1", SETTINGS)) {
      worker.start();
      command("w1", true);
      awaitState("w1", WorkerReport.State.DRAINED, false);
    }
    fixture.sendRaw(fixture.topics().workers(), WorkerFixture.bytes("command/w1"), null);
    try (var worker = fixture.worker("w1", SETTINGS)) {
      worker.start();
      awaitState("w1", WorkerReport.State.DRAINED, false);
    }
    var forgetful = new HashMap<>(SETTINGS);
    forgetful.put("worker.drain-outlives-restart", "false");
    try (var worker = fixture.worker("w1", forgetful)) {
      worker.start();
      awaitState("w1", WorkerReport.State.RUNNING, true);
      command("w1", true);
      awaitState("w1", WorkerReport.State.DRAINED, false);
    }
  }

  private static void command(String worker, boolean drain) {
    var command = new WorkerCommand(worker, drain, Instant.now());
    fixture.sendRaw(
        fixture.topics().workers(),
        WorkerFixture.bytes(command.key()),
        JsonCodec.WORKER_COMMANDS.encode(command));
  }

  private static void awaitState(String worker, WorkerReport.State state, boolean owns) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(report(worker))
                .get()
                .satisfies(report -> {
                  assertThat(report.state()).as(report.note()).isEqualTo(state);
                  assertThat(report.work().owned().isEmpty()).isEqualTo(!owns);
                }));
  }

  /** The last report of a worker. */
  private static Optional<WorkerReport> report(String worker) {
    WorkerReport last = null;
    for (ConsumerRecord<byte[], byte[]> record : fixture.readFirst(fixture.topics().workers())) {
      if (worker.equals(new String(record.key(), StandardCharsets.UTF_8))
          && JsonCodec.WORKER_REPORTS.decode(record.value())
              instanceof Decoded.Value<WorkerReport>(WorkerReport report)) {
        last = report;
      }
    }
    return Optional.ofNullable(last);
  }

  private static long startedBy(String worker, Instant after) {
    return fixture.finished().stream()
        .flatMap(event -> event.attempts().stream())
        .filter(attempt -> attempt.worker().equals(worker) && attempt.startedAt().isAfter(after))
        .count();
  }

  @SafeVarargs
  private static void awaitFinished(List<Job>... jobs) {
    var ids = new HashSet<>();
    for (List<Job> each : jobs) {
      each.forEach(job -> ids.add(job.id()));
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          List<JobEvent.Finished> finished = fixture.finished();
          assertThat(finished.stream().map(JobEvent.Finished::jobId).collect(Collectors.toSet()))
              .isEqualTo(ids);
          assertThat(finished).as("each ended once").hasSameSizeAs(ids);
        });
  }
}
