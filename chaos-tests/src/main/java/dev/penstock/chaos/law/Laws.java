package dev.penstock.chaos.law;

import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobResult;
import dev.penstock.job.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Judges a history. */
public final class Laws {
  private final History history;
  private final Allowance allowance;
  private final List<Life> lives;
  private final List<Violation> violations = new ArrayList<>();

  private Laws(History history, Allowance allowance) {
    this.history = history;
    this.allowance = allowance;
    this.lives = Life.of(history);
  }

  /** Every violation of every law; none when all held. */
  public static List<Violation> check(History history, Allowance allowance) {
    var laws = new Laws(history, allowance);
    laws.acceptedMeansDurable();
    for (Life life : laws.lives) {
      laws.exactlyOneOutcome(life);
      laws.noZombies(life);
      laws.attemptsAreBounded(life);
      laws.retriesKeepTheirDueTime(life);
      laws.deadLettersMatchOutcomes(life);
      laws.cancelledOnlyOnRequest(life);
    }
    laws.sameKeySameJob();
    laws.poisonIsContained();
    laws.viewsTellTheTruth();
    return List.copyOf(laws.violations);
  }

  /**
   * Calls that were begun and came to nothing, because they were lost with their worker: of the
   * starts that are told of an attempt, all but one by the worker that finished it. A lower bound:
   * a start that could not be told before the worker was lost left no trace, nor does one of a call
   * that ended so soon that only its outcome was told.
   */
  public static int wastedCalls(History history) {
    return Life.of(history).stream().mapToInt(Laws::wastedCalls).sum();
  }

  private static int wastedCalls(Life life) {
    var unused = new ArrayList<>(life.started());
    for (JobEvent.Finished finished : life.finished()) {
      for (Attempt attempt : finished.attempts()) {
        unused.stream()
            .filter(start ->
                start.attempt() == attempt.number() && start.worker().equals(attempt.worker()))
            .findFirst()
            .ifPresent(unused::remove);
      }
    }
    return unused.size();
  }

  /** Every accepted job is on the jobs topic, and no generation of a job is there twice. */
  private void acceptedMeansDurable() {
    var stored = new HashSet<JobId>();
    for (Life life : lives) {
      if (!life.jobs().isEmpty()) {
        stored.add(life.name().job());
      }
      if (life.jobs().size() > 1) {
        violated(
            Law.ACCEPTED_MEANS_DURABLE,
            life,
            "stands on the jobs topic " + life.jobs().size() + " times");
      }
    }
    for (Submission submission : history.submissions()) {
      if (submission.answer() instanceof Submission.Answer.Accepted(JobId id)
          && !stored.contains(id)) {
        violated(
            Law.ACCEPTED_MEANS_DURABLE,
            "job " + id,
            "was accepted, but is not on the jobs topic",
            storyOf(id));
      }
    }
  }

  private void exactlyOneOutcome(Life life) {
    int outcomes = life.finished().size();
    if (life.jobs().isEmpty() && outcomes > 0) {
      violated(Law.EXACTLY_ONE_OUTCOME, life, "has an outcome, but was never on the jobs topic");
    } else if (outcomes != 1 && !life.jobs().isEmpty()) {
      violated(
          Law.EXACTLY_ONE_OUTCOME,
          life,
          outcomes == 0 ? "has no outcome" : "has " + outcomes + " outcomes");
    }
  }

  /** Nothing is told of a generation after its outcome. */
  private void noZombies(Life life) {
    List<Recorded<JobEvent>> outcomes = life.outcomes();
    if (outcomes.isEmpty()) {
      return;
    }
    Recorded<JobEvent> first = outcomes.getFirst();
    for (Recorded<JobEvent> event : life.events()) {
      if (event.partition() != first.partition()) {
        violated(Law.NO_ZOMBIES, life, "has events in two partitions, which no one can order");
        return;
      }
      if (event.offset() > first.offset() && !(event.value() instanceof JobEvent.Finished)) {
        violated(Law.NO_ZOMBIES, life, "went on after its outcome, at " + event.place());
        return;
      }
    }
  }

  private void attemptsAreBounded(Life life) {
    if (life.jobs().isEmpty()) {
      return;
    }
    Job job = life.jobs().getFirst().value().job();
    int mostCalls = job.maxAttempts() + allowance.crashes();
    int told = life.finished().stream().findFirst().map(f -> f.attempts().size()).orElse(0);
    int calls = told + wastedCalls(life);
    if (calls > mostCalls) {
      violated(
          Law.ATTEMPTS_ARE_BOUNDED,
          life,
          "was called " + calls + " times, but " + mostCalls + " are allowed");
    }
    life.finished().stream()
        .findFirst()
        .ifPresent(finished -> {
          List<Attempt> attempts = finished.attempts();
          if (attempts.size() > job.maxAttempts()) {
            violated(
                Law.ATTEMPTS_ARE_BOUNDED,
                life,
                "has " + attempts.size() + " attempts, but " + job.maxAttempts() + " are allowed");
          }
          for (int i = 0; i < attempts.size(); i++) {
            if (attempts.get(i).number() != i + 1) {
              violated(
                  Law.ATTEMPTS_ARE_BOUNDED, life, "has attempts that are not numbered from 1 on");
              break;
            }
          }
          if (finished.outcome() instanceof Outcome.DeadLettered(Failure reason)
              && reason.failureKind() == Failure.Kind.TRANSIENT
              && attempts.size() < job.maxAttempts()) {
            violated(
                Law.ATTEMPTS_ARE_BOUNDED,
                life,
                "was given up after "
                    + attempts.size()
                    + " of "
                    + job.maxAttempts()
                    + " attempts, although its failure can pass");
          }
          attemptsWereTold(life, attempts);
        });
  }

  /** What the outcome says about the attempts is what the events said before. */
  private void attemptsWereTold(Life life, List<Attempt> attempts) {
    for (JobEvent.RetryScheduled retry : life.retriesScheduled()) {
      if (!attempts.contains(retry.failed())) {
        violated(
            Law.ATTEMPTS_ARE_BOUNDED,
            life,
            "failed in attempt " + retry.failed().number() + ", but its outcome does not tell so");
        return;
      }
    }
  }

  private void retriesKeepTheirDueTime(Life life) {
    for (JobEvent.RetryScheduled retry : life.retriesScheduled()) {
      int next = retry.failed().number() + 1;
      Stream<Instant> starts =
          Stream.concat(
              life.started().stream()
                  .filter(start -> start.attempt() == next)
                  .map(JobEvent.AttemptStarted::at),
              life.finished().stream()
                  .flatMap(finished -> finished.attempts().stream())
                  .filter(attempt -> attempt.number() == next)
                  .map(Attempt::startedAt));
      starts
          .filter(start -> start.plus(allowance.clockSkew()).isBefore(retry.dueAt()))
          .findFirst()
          .ifPresent(start ->
              violated(
                  Law.RETRIES_KEEP_THEIR_DUE_TIME,
                  life,
                  "began attempt "
                      + next
                      + " at "
                      + start
                      + ", but it was due at "
                      + retry.dueAt()));
    }
  }

  private void deadLettersMatchOutcomes(Life life) {
    List<DeadLetter> letters = life.deadLetters().stream().map(Recorded::value).toList();
    List<JobEvent.Finished> dead =
        life.finished().stream()
            .filter(finished -> finished.outcome() instanceof Outcome.DeadLettered)
            .toList();
    if (letters.size() > 1) {
      violated(
          Law.DEAD_LETTERS_MATCH_OUTCOMES,
          life,
          "lies in the dead letters " + letters.size() + " times");
    } else if (letters.isEmpty() != dead.isEmpty()) {
      violated(
          Law.DEAD_LETTERS_MATCH_OUTCOMES,
          life,
          letters.isEmpty()
              ? "is dead-lettered, but lies not in the dead letters"
              : "lies in the dead letters, but is not dead-lettered");
    } else if (!letters.isEmpty() && !sameEnd(letters.getFirst(), dead.getFirst())) {
      violated(Law.DEAD_LETTERS_MATCH_OUTCOMES, life, "has a dead letter that tells another end");
    }
  }

  private static boolean sameEnd(DeadLetter letter, JobEvent.Finished finished) {
    return letter.attempts().equals(finished.attempts())
        && new Outcome.DeadLettered(letter.reason()).equals(finished.outcome());
  }

  private void cancelledOnlyOnRequest(Life life) {
    boolean cancelled =
        life.finished().stream()
            .anyMatch(finished -> finished.outcome() instanceof Outcome.Cancelled);
    if (cancelled && life.cancels().isEmpty()) {
      violated(Law.CANCELLED_ONLY_ON_REQUEST, life, "was cancelled, but no one asked for it");
    }
  }

  private void sameKeySameJob() {
    var byKey = new LinkedHashMap<String, Set<JobId>>();
    for (Submission submission : history.submissions()) {
      if (submission.answer() instanceof Submission.Answer.Accepted(JobId id)) {
        submission
            .idempotencyKey()
            .ifPresent(key -> byKey.computeIfAbsent(key, _ -> new LinkedHashSet<>()).add(id));
      }
    }
    byKey.forEach((key, ids) -> {
      if (ids.size() > 1) {
        violated(
            Law.SAME_KEY_SAME_JOB,
            "key " + key,
            "stands for " + ids.size() + " jobs: " + ids,
            String.join("", ids.stream().map(this::storyOf).toList()));
      }
    });
  }

  private void poisonIsContained() {
    Map<String, List<Poison>> byOrigin = new HashMap<>();
    for (Poison poison : history.poison()) {
      byOrigin.computeIfAbsent(poison.origin(), _ -> new ArrayList<>()).add(poison);
    }
    for (Poison planted : history.planted()) {
      List<Poison> found = byOrigin.getOrDefault(planted.origin(), List.of());
      byOrigin.remove(planted.origin());
      if (found.size() != 1) {
        violated(
            Law.POISON_IS_CONTAINED,
            planted.origin(),
            "lies in the dead letters " + found.size() + " times",
            "");
      } else if (!found.getFirst().sameBytes(planted)) {
        violated(
            Law.POISON_IS_CONTAINED,
            planted.origin(),
            "lies in the dead letters with other bytes",
            "");
      } else if (found.getFirst().reason().isBlank()) {
        violated(
            Law.POISON_IS_CONTAINED,
            planted.origin(),
            "lies in the dead letters without a reason",
            "");
      }
    }
    byOrigin.values().stream()
        .flatMap(Collection::stream)
        .sorted(Comparator.comparing(Poison::origin))
        .forEach(poison ->
            violated(
                Law.POISON_IS_CONTAINED,
                poison.origin(),
                "lies in the dead letters as unreadable ("
                    + poison.reason()
                    + "), but was put there by no one",
                ""));
  }

  /** What the API answers is the latest generation's outcome, for each accepted job. */
  private void viewsTellTheTruth() {
    var latest = new HashMap<JobId, Life>();
    lives.forEach(life -> latest.put(life.name().job(), life));
    var accepted = new LinkedHashSet<JobId>();
    for (Submission submission : history.submissions()) {
      if (submission.answer() instanceof Submission.Answer.Accepted(JobId id)) {
        accepted.add(id);
      }
    }
    for (JobId id : accepted) {
      Life life = latest.get(id);
      if (life == null || life.finished().isEmpty()) {
        continue; // other laws tell
      }
      JobResult result = history.results().get(id);
      JobEvent.Finished finished = life.finished().getFirst();
      if (result == null) {
        violated(Law.VIEWS_TELL_THE_TRUTH, life, "has an outcome, but the API gave no result");
      } else if (!result.equals(truth(finished))) {
        violated(
            Law.VIEWS_TELL_THE_TRUTH,
            life,
            "has the result " + result + " by the API, but " + truth(finished) + " by the topics");
      }
    }
  }

  private static JobResult truth(JobEvent.Finished finished) {
    @Nullable JobOutput output =
        finished.outcome() instanceof Outcome.Succeeded(JobOutput o) ? o : null;
    @Nullable Failure failure =
        finished.outcome() instanceof Outcome.DeadLettered(Failure reason) ? reason : null;
    return new JobResult(
        finished.jobId(),
        finished.generation(),
        finished.outcome().state().wireName(),
        output,
        failure,
        finished.at());
  }

  private String storyOf(JobId id) {
    return String.join(
        "", lives.stream().filter(life -> life.name().job().equals(id)).map(Life::story).toList());
  }

  private void violated(Law law, Life life, String finding) {
    violated(law, life.name().toString(), finding, life.story());
  }

  private void violated(Law law, String subject, String finding, String story) {
    violations.add(new Violation(law, subject, finding, Objects.requireNonNull(story)));
  }
}
