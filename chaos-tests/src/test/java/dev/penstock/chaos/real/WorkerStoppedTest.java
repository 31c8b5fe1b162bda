package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.chaos.law.History;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Laws;
import dev.penstock.process.ChildJvm;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** SIGTERM lets running calls end. */
final class WorkerStoppedTest {
  private static final int JOBS = 300;
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Map<String, String> WORKER =
      Map.of(
          "worker.slots", "20",
          "worker.drain-grace", "30s",
          "worker.provider.simulated.latency-mean", "700ms",
          "worker.provider.simulated.latency-sigma", "0.3");

  @RegisterExtension private final Processes processes = new Processes();

  @Test
  void aWorkerThatIsToldToStopFinishesItsCallsAndNoneIsMadeAgain() throws Exception {
    var cluster = new Cluster(processes);
    cluster.startBroker();
    ChildJvm first = cluster.startWorker("worker-1", WORKER);
    cluster.awaitReady();
    var history = new HistoryBuilder();
    var observer = cluster.observer();
    try (var topic = new JobsTopic(cluster)) {
      for (int i = 0; i < JOBS; i++) {
        topic.submit(i);
      }
    }
    await().atMost(LONG).until(() -> observer.finished() >= 20);

    first.terminate();
    assertThat(first.awaitEnd(LONG)).as("it stops").isTrue();
    long finished = observer.finished();
    assertThat(finished).as("it stopped midway").isBetween(20L, JOBS - 1L);

    cluster.startWorker("worker-2", WORKER);
    cluster.awaitReady();
    History complete = Verdict.lawful(cluster, history, 0);

    assertThat(complete.jobs()).hasSize(JOBS);
    assertThat(Laws.wastedCalls(complete)).as("calls made again").isZero();
  }
}
