package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.chaos.law.History;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Submission;
import dev.penstock.process.ChildJvm;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The main job on separate processes, while one of them is killed. */
final class WorkerKilledTest {
  private static final int FIRST_JOBS = 1_500;
  private static final int MORE_JOBS = 500;
  private static final int KEYS = 100;
  private static final int LINES = 40;
  private static final int ORDERED_JOBS = (FIRST_JOBS + MORE_JOBS) / 10;
  private static final int MAX_ATTEMPTS = 4;
  private static final Duration LONG = Duration.ofMinutes(2);

  private static final Map<String, String> WORKER =
      Map.of(
          "worker.slots", "64",
          "worker.retry-base-delay", "300ms",
          "worker.retry-max-delay", "1s",
          "worker.provider.simulated.latency-mean", "300ms",
          "worker.provider.simulated.latency-sigma", "0.7",
          "worker.provider.simulated.failure-rate", "0.25",
          "worker.provider.simulated.throttle-rate", "0.004",
          "worker.provider.simulated.invalid-rate", "0.01",
          "worker.provider.simulated.retry-after", "500ms");

  @RegisterExtension private final Processes processes = new Processes();

  @Test
  void everyAcceptedJobHasExactlyOneOutcomeAlthoughAWorkerIsKilled() throws Exception {
    var cluster = new Cluster(processes);
    cluster.startBroker();
    cluster.startApi();
    cluster.startStreams();
    ChildJvm doomed = cluster.startWorker("worker-1", WORKER);
    ChildJvm survivor = cluster.startWorker("worker-2", WORKER);
    cluster.awaitReady();
    var history = new HistoryBuilder();
    var observer = cluster.observer();

    try (var client = new Client(cluster.api())) {
      history.submissions.addAll(client.submit(jobs(0, FIRST_JOBS)));
      submitUnderKeys(client, history);
      await().atMost(LONG).until(() -> observer.finished() >= FIRST_JOBS / 15);
      doomed.kill();
      long finishedAtKill = observer.finished();
      history.submissions.addAll(client.submit(jobs(FIRST_JOBS, MORE_JOBS)));
      submitUnderKeys(client, history);

      assertThat(finishedAtKill).as("the kill came midway").isLessThan(FIRST_JOBS + KEYS);
    }

    assertThat(history.submissions)
        .as("nothing was wrong with the intake, so all are accepted")
        .hasSize(FIRST_JOBS + MORE_JOBS + 2 * KEYS)
        .allMatch(submission -> submission.answer() instanceof Submission.Answer.Accepted);
    await().atMost(LONG).until(() -> observer.finished() == FIRST_JOBS + MORE_JOBS + KEYS);
    History complete = Verdict.lawful(cluster, history, 1);

    assertThat(complete.jobs()).hasSize(FIRST_JOBS + MORE_JOBS + KEYS);
    assertThat(complete.ordered()).as("each comes and is released").hasSize(2 * ORDERED_JOBS);
    assertThat(complete.retries()).as("some attempts failed").isNotEmpty();
    assertThat(complete.retries())
        .as("some of them of jobs that others wait for")
        .anyMatch(retry -> retry.value().job().ordering() != null);
    assertThat(complete.deadLetters()).as("some jobs failed for good").isNotEmpty();
    assertThat(workers(complete)).as("both did something").contains("worker-1", "worker-2");
    survivor.checkAlive();
  }

  private static List<Map<String, Object>> jobs(int from, int count) {
    return IntStream.range(from, from + count)
        .mapToObj(number -> ordered(number, Client.job(number, MAX_ATTEMPTS)))
        .toList();
  }

  /** Each tenth job stands in one of few lines. */
  private static Map<String, Object> ordered(int number, Map<String, Object> job) {
    if (number % 10 != 0) {
      return job;
    }
    var withKey = new HashMap<>(job);
    withKey.put("orderingKey", "line " + number / 10 % LINES);
    return withKey;
  }

  private static void submitUnderKeys(Client client, HistoryBuilder history)
      throws InterruptedException {
    for (int key = 0; key < KEYS; key++) {
      history.submissions.add(
          client.submit(Client.job(-key, MAX_ATTEMPTS), Optional.of("key " + key)));
    }
  }

  private static List<String> workers(History history) {
    return history.events().stream()
        .map(event -> event.value())
        .filter(dev.penstock.job.JobEvent.AttemptStarted.class::isInstance)
        .map(event -> ((dev.penstock.job.JobEvent.AttemptStarted) event).worker())
        .distinct()
        .toList();
  }
}
