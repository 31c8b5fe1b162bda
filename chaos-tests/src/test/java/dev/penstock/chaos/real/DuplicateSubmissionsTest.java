package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.chaos.law.History;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Submission;
import dev.penstock.job.JobId;
import dev.penstock.process.ChildJvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many submit the same job under the same key at once, at two intakes, of which one is killed. */
final class DuplicateSubmissionsTest {
  private static final int DUPLICATES = 1_000;
  private static final int AT_ONCE = 64;
  private static final int BEFORE_THE_KILL = 100;
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Optional<String> KEY = Optional.of("one and the same");
  private static final Map<String, Object> JOB = Client.job(1, 3);

  @RegisterExtension private final Processes processes = new Processes();

  @Test
  void aThousandDuplicatesAtTwoIntakesAreOneJobAlthoughAnIntakeIsKilled() throws Exception {
    var cluster = new Cluster(processes);
    cluster.startBroker();
    cluster.startApi();
    ChildJvm doomed = cluster.startApi("api-2");
    cluster.startStreams();
    cluster.startWorker("worker-1", Map.of());
    cluster.awaitReady();
    var history = new HistoryBuilder();

    var answered = new CountDownLatch(BEFORE_THE_KILL);
    var slots = new Semaphore(AT_ONCE);
    try (var first = new Client(cluster.api());
        var second = new Client(cluster.api("api-2"));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var submitters = new ArrayList<Future<List<Submission>>>();
      for (int i = 0; i < DUPLICATES; i++) {
        Client preferred = i % 2 == 0 ? first : second;
        submitters.add(threads.submit(submitter(preferred, first, slots, answered)));
      }
      assertThat(answered.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      doomed.kill();
      for (Future<List<Submission>> submitter : submitters) {
        history.submissions.addAll(submitter.get(LONG.toSeconds(), TimeUnit.SECONDS));
      }
    }

    assertThat(history.submissions.stream().filter(DuplicateSubmissionsTest::isAccepted))
        .as("each submitter ended with a 202")
        .hasSize(DUPLICATES);
    List<JobId> accepted = Verdict.accepted(history);
    assertThat(accepted).as("the job that they were told").hasSize(1);
    History complete = Verdict.lawful(cluster, history, 0);
    assertThat(complete.jobs()).as("jobs on the topic").hasSize(1);
  }

  /** Submits until it is told a job: first where it prefers to, then at the intake that lives. */
  private static Callable<List<Submission>> submitter(
      Client preferred, Client survivor, Semaphore slots, CountDownLatch answered) {
    return () -> {
      var submissions = new ArrayList<Submission>();
      long deadline = System.nanoTime() + LONG.toNanos();
      slots.acquire();
      try {
        Client client = preferred;
        while (System.nanoTime() < deadline) {
          Submission submission = client.submit(JOB, KEY);
          submissions.add(submission);
          if (isAccepted(submission)) {
            break;
          }
          client = survivor;
          Thread.sleep(PAUSE);
        }
      } finally {
        slots.release();
        answered.countDown();
      }
      return submissions;
    };
  }

  private static boolean isAccepted(Submission submission) {
    return submission.answer() instanceof Submission.Answer.Accepted;
  }
}
