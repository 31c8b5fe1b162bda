package dev.penstock.chaos.real;

import dev.penstock.chaos.law.Allowance;
import dev.penstock.chaos.law.History;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Laws;
import dev.penstock.chaos.law.Submission;
import dev.penstock.chaos.law.Violation;
import dev.penstock.job.JobId;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** Ends a run: waits for quiescence, records, and judges. */
final class Verdict {
  static final Duration QUIESCENCE = Duration.ofMinutes(2);
  private static final int SHOWN = 2;

  private Verdict() {}

  /**
   * The history of a run in which every law held.
   *
   * @param crashes how many workers were killed
   * @throws AssertionError with the first violations and their stories
   */
  static History lawful(Cluster cluster, HistoryBuilder history, int crashes)
      throws InterruptedException {
    var observer = cluster.observer();
    observer.awaitQuiescence(QUIESCENCE);
    observer.record(history);
    List<JobId> accepted = accepted(history);
    if (!accepted.isEmpty()) {
      try (var client = new Client(cluster.api())) {
        history.results.putAll(client.results(accepted));
      }
    }
    History complete = history.build();
    check(complete, crashes);
    System.out.println(
        complete.jobs().size()
            + " jobs, "
            + complete.retries().size()
            + " retries, "
            + complete.deadLetters().size()
            + " dead letters, "
            + complete.poison().size()
            + " poison records, "
            + Laws.wastedCalls(complete)
            + " wasted calls: all laws held");
    return complete;
  }

  /**
   * Judges a history that is whole.
   *
   * @param crashes how many workers were killed
   * @throws AssertionError with the first violations and their stories
   */
  static void check(History complete, int crashes) {
    // All processes run on this machine, by one clock.
    List<Violation> violations = Laws.check(complete, new Allowance(crashes, Duration.ZERO));
    if (!violations.isEmpty()) {
      throw new AssertionError(tell(violations));
    }
  }

  /** How many violations of each law there are, and the first ones of each. */
  private static String tell(List<Violation> violations) {
    var byLaw = violations.stream().collect(Collectors.groupingBy(Violation::law));
    var text = new StringBuilder("laws were broken:\n");
    byLaw.forEach((law, broken) -> {
      text.append(law).append(' ').append(broken.size()).append(" times, first\n");
      broken.stream().limit(SHOWN).forEach(violation -> text.append(violation).append('\n'));
    });
    return text.toString();
  }

  /** The jobs that were accepted, each once. */
  static List<JobId> accepted(HistoryBuilder history) {
    return history.submissions.stream()
        .map(Submission::answer)
        .filter(Submission.Answer.Accepted.class::isInstance)
        .map(answer -> ((Submission.Answer.Accepted) answer).id())
        .distinct()
        .toList();
  }
}
