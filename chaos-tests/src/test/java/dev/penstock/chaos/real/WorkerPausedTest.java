package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.chaos.law.History;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.job.JobEvent;
import dev.penstock.process.ChildJvm;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A worker stands still for longer than its group waits for it, and then goes on. */
final class WorkerPausedTest {
  private static final int JOBS = 900;
  private static final int MORE_JOBS = 100;
  private static final int MAX_ATTEMPTS = 3;
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Map<String, String> WORKER =
      Map.of(
          "worker.slots", "32",
          "worker.provider.simulated.latency-mean", "400ms",
          "worker.provider.simulated.failure-rate", "0.1");

  @RegisterExtension private final Processes processes = new Processes();

  @Test
  void whatAPausedWorkerStillHeldIsNotCommittedAfterOthersTookOver() throws Exception {
    var cluster = new Cluster(processes);
    cluster.startBroker();
    cluster.startApi();
    cluster.startStreams();
    ChildJvm paused = cluster.startWorker("worker-1", WORKER);
    ChildJvm other = cluster.startWorker("worker-2", WORKER);
    cluster.awaitReady();
    var history = new HistoryBuilder();
    var observer = cluster.observer();

    try (var client = new Client(cluster.api())) {
      history.submissions.addAll(client.submit(jobs(0, JOBS)));
      await().atMost(LONG).until(() -> observer.finished() >= JOBS / 15);
      paused.pause();
      long finishedAtPause = observer.finished();
      try {
        // The other one takes over all partitions and finishes what the paused one had begun.
        observer.awaitQuiescence(LONG);
      } finally {
        paused.resume();
      }
      assertThat(finishedAtPause).as("it was paused midway").isLessThan(JOBS);
      history.submissions.addAll(client.submit(jobs(JOBS, MORE_JOBS)));
    }

    History complete = Verdict.lawful(cluster, history, 1);
    assertThat(complete.jobs()).hasSize(JOBS + MORE_JOBS);
    assertThat(startedAgain(complete)).as("calls that the paused worker held").isPositive();
    paused.checkAlive();
    other.checkAlive();
  }

  private static List<Map<String, Object>> jobs(int from, int count) {
    return IntStream.range(from, from + count)
        .mapToObj(number -> Client.job(number, MAX_ATTEMPTS))
        .toList();
  }

  /** Attempts that both workers began. */
  private static long startedAgain(History history) {
    return history.events().stream()
        .map(event -> event.value())
        .filter(JobEvent.AttemptStarted.class::isInstance)
        .map(JobEvent.AttemptStarted.class::cast)
        .collect(
            java.util.stream.Collectors.groupingBy(
                start -> start.jobId() + " " + start.attempt(),
                java.util.stream.Collectors.mapping(
                    JobEvent.AttemptStarted::worker, java.util.stream.Collectors.toSet())))
        .values()
        .stream()
        .filter(workers -> workers.size() > 1)
        .count();
  }
}
