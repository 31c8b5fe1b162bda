package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.chaos.law.History;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.job.Failure;
import dev.penstock.process.ChildJvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Jobs that end the process of whoever runs them, among many that do not, and workers that are
 * started again each time. Takes minutes, so it is not part of the gate; the README has its
 * command.
 */
final class CrashLoop {
  private static final int HARMLESS = 600;
  private static final int KILLERS = 2;

  /** Ordinary deaths before a job is tried alone, and those by which it is convicted. */
  private static final int MOST_DEATHS_OF_A_KILLER = 4 + 3;

  private static final int MAX_ATTEMPTS = 3;
  private static final Duration LONG = Duration.ofMinutes(8);
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Map<String, String> WORKER =
      Map.of("worker.slots", "32", "worker.providers", KillerProviderFactory.TYPE);

  @RegisterExtension private final Processes processes = new Processes();

  @Test
  void aJobThatKillsItsProcessesIsFoundAndNoOtherIsLost() throws Exception {
    var cluster = new Cluster(processes);
    cluster.startBroker();
    cluster.startApi();
    cluster.startStreams();
    cluster.awaitReady();
    var history = new HistoryBuilder();
    try (var client = new Client(cluster.api())) {
      history.submissions.addAll(client.submit(jobs()));
    }
    var observer = cluster.observer();
    var workers = new HashMap<String, ChildJvm>();
    workers.put("worker-1", cluster.startWorker("worker-1", WORKER));
    workers.put("worker-2", cluster.startWorker("worker-2", WORKER));

    int deaths = 0;
    long deadline = System.nanoTime() + LONG.toNanos();
    while (observer.finished() < HARMLESS + KILLERS) {
      assertThat(System.nanoTime()).as("all jobs end within %s", LONG).isLessThan(deadline);
      for (Map.Entry<String, ChildJvm> worker : workers.entrySet()) {
        if (!worker.getValue().isAlive()) {
          deaths++;
          worker.setValue(cluster.startWorker(worker.getKey(), WORKER));
        }
      }
      Thread.sleep(LOOK);
    }

    History complete = Verdict.lawful(cluster, history, deaths);
    assertThat(complete.deadLetters())
        .hasSize(KILLERS)
        .allSatisfy(letter -> {
          assertThat(letter.value().reason()).isInstanceOf(Failure.CrashLoop.class);
          assertThat(letter.value().job().input().text()).startsWith(KillerProviderFactory.KILLS);
        });
    assertThat(deaths).isBetween(KILLERS, KILLERS * MOST_DEATHS_OF_A_KILLER);
    System.out.println(deaths + " processes died of " + KILLERS + " jobs");
  }

  /** The killers stand among the others. */
  private static List<Map<String, Object>> jobs() {
    var jobs = new ArrayList<Map<String, Object>>();
    for (int number = 0; number < HARMLESS + KILLERS; number++) {
      boolean kills = number % (HARMLESS / KILLERS) == HARMLESS / KILLERS / 2;
      var job = new HashMap<>(Client.job(number, MAX_ATTEMPTS));
      job.put("model", KillerProviderFactory.TYPE);
      job.put("input", Map.of("text", kills ? KillerProviderFactory.KILLS : "job " + number));
      jobs.add(job);
    }
    return jobs;
  }
}
