package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.chaos.law.History;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.process.ChildJvm;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The process with the sequencer of the ordering keys is SIGKILLed while most keys have a job that
 * runs and others that wait behind it. Takes minutes, so it is not part of the gate; the README has
 * its command.
 */
final class SequencerKilled {
  private static final int JOBS = 1_200;
  private static final int LINES = 40;
  private static final int KILLS = 3;
  private static final Duration LONG = Duration.ofMinutes(4);
  private static final Map<String, String> WORKER =
      Map.of(
          "worker.slots", "64",
          "worker.retry-base-delay", "100ms",
          "worker.retry-max-delay", "500ms",
          "worker.provider.simulated.latency-mean", "200ms",
          "worker.provider.simulated.failure-rate", "0.1");

  @RegisterExtension private final Processes processes = new Processes();

  @Test
  void orderIsKeptAndEveryLineGoesOn() throws Exception {
    var cluster = new Cluster(processes);
    cluster.startBroker();
    cluster.startApi();
    ChildJvm streams = cluster.startStreams();
    cluster.startWorker("worker-1", WORKER);
    cluster.awaitReady();
    var history = new HistoryBuilder();
    try (var client = new Client(cluster.api())) {
      history.submissions.addAll(client.submit(jobs()));
    }
    var observer = cluster.observer();
    for (int kill = 1; kill <= KILLS; kill++) {
      int part = kill * JOBS / (KILLS + 1);
      await().atMost(LONG).until(() -> observer.finished() >= part);
      streams.kill();
      assertThat(observer.finished()).as("the kill came midway").isLessThan(JOBS);
      streams = cluster.startStreams();
    }
    await().atMost(LONG).until(() -> observer.finished() == JOBS);
    cluster.awaitReady();

    History complete = Verdict.lawful(cluster, history, 0);
    assertThat(complete.jobs()).hasSize(JOBS);
    assertThat(complete.ordered()).as("each comes and is released").hasSize(2 * JOBS);
  }

  private static List<Map<String, Object>> jobs() {
    return IntStream.range(0, JOBS)
        .<Map<String, Object>>mapToObj(number -> {
          var job = new HashMap<>(Client.job(number, 4));
          job.put("orderingKey", "line " + number % LINES);
          return job;
        })
        .toList();
  }
}
