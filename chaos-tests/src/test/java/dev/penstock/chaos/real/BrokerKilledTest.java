package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Submission;
import dev.penstock.process.ChildJvm;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The broker is killed and comes back on its data. */
final class BrokerKilledTest {
  private static final int JOBS = 600;
  private static final int MAX_ATTEMPTS = 3;
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Map<String, String> WORKER =
      Map.of(
          "worker.slots", "32",
          "worker.provider.simulated.latency-mean", "300ms",
          "worker.provider.simulated.failure-rate", "0.05");

  @RegisterExtension private final Processes processes = new Processes();

  @Test
  void nothingThatWasAcceptedIsLostWhenTheBrokerIsKilled() throws Exception {
    var cluster = new Cluster(processes);
    ChildJvm broker = cluster.startBroker();
    cluster.startApi();
    cluster.startStreams();
    cluster.startWorker("worker-1", WORKER);
    cluster.awaitReady();
    var history = new HistoryBuilder();
    var observer = cluster.observer();

    try (var client = new Client(cluster.api())) {
      history.submissions.addAll(client.submit(jobs(0)));
      await().atMost(LONG).until(() -> observer.finished() >= JOBS / 4);
      broker.kill();
      Submission whileAway = client.submit(Client.job(-1, MAX_ATTEMPTS), Optional.empty());
      assertThat(whileAway.answer())
          .as("without Kafka nothing is accepted")
          .isInstanceOf(Submission.Answer.Indeterminate.class);
      history.submissions.add(whileAway);
      cluster.startBroker();
      await()
          .atMost(LONG)
          .until(() -> {
            Submission again = client.submit(Client.job(-2, MAX_ATTEMPTS), Optional.empty());
            history.submissions.add(again);
            return again.answer() instanceof Submission.Answer.Accepted;
          });
    }

    assertThat(Verdict.accepted(history)).hasSize(JOBS + 1);
    // A broker that goes away may cost every running call, as a crash of the worker does.
    Verdict.lawful(cluster, history, 1);
  }

  private static List<Map<String, Object>> jobs(int from) {
    return IntStream.range(from, from + JOBS)
        .mapToObj(number -> Client.job(number, MAX_ATTEMPTS))
        .toList();
  }
}
