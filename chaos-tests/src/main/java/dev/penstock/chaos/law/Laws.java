package dev.penstock.chaos.law;

import dev.penstock.job.Attempt;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobResult;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
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
  /** How long a call that was decided upon may take to begin: its process may stand still. */
  private static final Duration START_OF_A_CALL = Duration.ofMillis(500);

  /** How many processes one job may kill, with few before it; see ADR 9. */
  private static final int MAX_KILLED = 12;

  /** Fewer deaths make nobody suspicious. */
  private static final int SUSPECTED_AFTER = 3;

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
    var lanes = new LaneLaws(history, allowance.lanes());
    for (Life life : laws.lives) {
      laws.exactlyOneOutcome(life);
      laws.oneLiveRecord(life);
      laws.noZombies(life);
      laws.noCallAfterWhatCameOfIt(life);
      laws.callsAreTold(life);
      laws.attemptsAreBounded(life);
      laws.retriesKeepTheirDueTime(life);
      laws.retriesArePunctual(life);
      laws.nothingRunsBeforeItsTime(life);
      laws.killersAreContained(life);
      laws.deadLettersMatchOutcomes(life);
      laws.cancelledOnlyOnRequest(life);
      laws.cancelledBeforeClaimed(life);
      laws.cancelledInTime(life);
      laws.noCallAfterTheDeadline(life);
      laws.slowJobsBlockNobody(life);
      LaneLaws.recordsKeepTheirLane(life, (law, finding) -> laws.violated(law, life, finding));
      lanes.noLaneStarves(life, (law, finding) -> laws.violated(law, life, finding));
    }
    new ReplayLaws(history, laws.lives, laws::violated).check();
    laws.orderIsKept();
    lanes.reservedSlotsStayFree((law, worker, finding) -> laws.violated(law, worker, finding, ""));
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

  /**
   * Each attempt leaves one record for the next one, and tells of it once. While that record waits,
   * it may be written anew, by whoever has read it: so never before it could be read.
   */
  private void oneLiveRecord(Life life) {
    var waiting = new HashSet<Integer>();
    @Nullable Recorded<JobRecord> before = null;
    for (Recorded<JobRecord> record : life.waiting()) {
      int next = record.value().nextAttempt();
      waiting.add(next);
      if (before != null
          && before.value().nextAttempt() == next
          && record.appendedAt().isBefore(before.visibleAt().truncatedTo(ChronoUnit.MILLIS))) {
        violated(
            Law.ONE_LIVE_RECORD, life, "waits for attempt " + next + " in more than one record");
      }
      before = record;
    }
    // A job that was not to run at once waits for its first attempt.
    waiting.remove(1);
    List<Integer> told =
        life.retriesScheduled().stream().map(retry -> retry.failed().number() + 1).toList();
    if (told.size() != waiting.size() || !waiting.containsAll(told)) {
      violated(
          Law.ONE_LIVE_RECORD,
          life,
          "waits for attempts " + waiting + ", but its events tell of " + told);
    }
  }

  /**
   * Once it is written what an attempt came to, no owner of its partition makes that call again;
   * and who took the partition over after the call saw what it came to before making it again.
   */
  private void noCallAfterWhatCameOfIt(Life life) {
    for (Recorded<JobEvent> event : life.events()) {
      switch (event.value()) {
        case JobEvent.AttemptStarted _ -> {}
        case JobEvent.RetryScheduled retry ->
            noCallAfter(life, event, retry.failed().number(), retry.failed());
        case JobEvent.Finished finished ->
            noCallAfter(
                life,
                event,
                Integer.MAX_VALUE,
                finished.attempts().isEmpty() ? null : finished.attempts().getLast());
      }
    }
  }

  private void noCallAfter(
      Life life, Recorded<JobEvent> written, int attempts, @Nullable Attempt decisive) {
    @Nullable Call decided =
        decisive == null
            ? null
            : life.calls().stream()
                .filter(call ->
                    call.attempt() == decisive.number()
                        && call.worker().equals(decisive.worker())
                        && call.toldAt().equals(decisive.startedAt()))
                .findFirst()
                .orElse(null);
    for (Call call : life.calls()) {
      if (!call.owned() || call.attempt() > attempts) {
        continue;
      }
      if (call.beganAt().truncatedTo(ChronoUnit.MILLIS).isAfter(written.appendedAt())) {
        violated(
            Law.NO_ZOMBIES,
            life,
            "was called by " + call.worker() + " after " + written.place() + " was written");
      } else if (decided != null
          && decided.owned()
          && call.attempt() == decided.attempt()
          && call.beganAt().isAfter(decided.beganAt())
          && !call.sameLife(decided)) {
        violated(
            Law.NO_ZOMBIES,
            life,
            "was decided by "
                + decided.worker()
                + " at "
                + written.place()
                + ", although "
                + call.worker()
                + " had taken it over and called");
      }
    }
  }

  /**
   * A call is told by its own event or by what it came to, unless it was lost before it could be.
   */
  private void callsAreTold(Life life) {
    for (Call call : life.calls()) {
      boolean told =
          Stream.concat(
                  life.started().stream()
                      .filter(start -> start.worker().equals(call.worker()))
                      .map(JobEvent.AttemptStarted::attempt),
                  life.finished().stream()
                      .flatMap(finished -> finished.attempts().stream())
                      .filter(attempt -> attempt.worker().equals(call.worker()))
                      .map(Attempt::number))
              .anyMatch(attempt -> attempt == call.attempt());
      if (!told && call.commits() > allowance.commitsToTell()) {
        violated(
            Law.CALLS_ARE_TOLD,
            life,
            "was called by "
                + call.worker()
                + " at "
                + call.beganAt()
                + ", and "
                + call.commits()
                + " transactions during the call did not tell of it");
      }
    }
  }

  /** What was asked for before a partition was taken over is known before its jobs are run. */
  private void cancelledBeforeClaimed(Life life) {
    for (Recorded<CancelRequest> cancel : life.cancels()) {
      life.calls().stream()
          .filter(call -> call.owned() && cancel.visibleAt().isBefore(call.ownedSince()))
          .findFirst()
          .ifPresent(call ->
              violated(
                  Law.CANCELLED_BEFORE_CLAIMED,
                  life,
                  "was called by "
                      + call.worker()
                      + " at "
                      + call.beganAt()
                      + ", which has its partition since "
                      + call.ownedSince()
                      + ", but its end was asked for at "
                      + cancel.visibleAt()));
    }
  }

  /** No call outlives a request to cancel its job by much, but of those who hear no interrupt. */
  private void cancelledInTime(Life life) {
    if (life.cancels().isEmpty()) {
      return;
    }
    Instant asked = life.cancels().getFirst().visibleAt();
    Instant last = asked.plus(allowance.cancelledWithin());
    for (Call call : life.calls()) {
      boolean late = call.beganAt().isAfter(last);
      if (late || (call.endedAt().isAfter(last) && call.end() != Call.End.DEAF)) {
        violated(
            Law.CANCELLED_IN_TIME,
            life,
            "was to be cancelled since "
                + asked
                + ", but "
                + call.worker()
                + (late ? " called it at " + call.beganAt() : " let it run to " + call.endedAt()));
        return;
      }
    }
    waitingIsCancelledInTime(life, asked);
  }

  /** Who waits for a due time when its end is asked for does not wait for it any longer. */
  private void waitingIsCancelledInTime(Life life, Instant asked) {
    List<Recorded<JobRecord>> records = new ArrayList<>(life.jobs());
    records.addAll(life.waiting());
    boolean called = life.calls().stream().anyMatch(call -> call.endedAt().isAfter(asked));
    if (called || records.isEmpty() || life.outcomes().isEmpty()) {
      return;
    }
    boolean inLine = life.jobs().getFirst().value().job().ordering() != null;
    Instant there = life.jobs().getFirst().visibleAt();
    Instant last =
        (there.isAfter(asked) ? there : asked)
            .plus(allowance.promptly())
            .plus(allowance.cancelledWithin());
    Instant ended = life.outcomes().getFirst().appendedAt();
    if (!inLine && ended.isAfter(last)) {
      violated(
          Law.CANCELLED_IN_TIME,
          life,
          "was to be cancelled since " + asked + " and not called, but ended at " + ended);
    }
  }

  /** By the clock of whoever calls. */
  private void noCallAfterTheDeadline(Life life) {
    @Nullable Instant deadline =
        life.jobs().isEmpty() ? null : life.jobs().getFirst().value().job().expireAt();
    if (deadline == null) {
      return;
    }
    Instant last = deadline.plus(allowance.clockSkew()).plus(START_OF_A_CALL);
    life.calls().stream()
        .filter(call -> call.owned() && call.beganAt().isAfter(last))
        .findFirst()
        .ifPresent(call ->
            violated(
                Law.NO_CALL_AFTER_THE_DEADLINE,
                life,
                "was called by "
                    + call.worker()
                    + " at "
                    + call.beganAt()
                    + ", but expired at "
                    + deadline));
  }

  private void slowJobsBlockNobody(Life life) {
    if (life.jobs().isEmpty() || life.calls().isEmpty()) {
      return;
    }
    Instant submitted = life.jobs().getFirst().visibleAt();
    @Nullable Instant runAt = life.jobs().getFirst().value().dueAt();
    if (runAt != null) {
      Instant due = life.dueToAll(0, runAt);
      submitted = due.isAfter(submitted) ? due : submitted;
    }
    Instant called = life.calls().getFirst().beganAt();
    if (called.isAfter(submitted.plus(allowance.promptly()))) {
      violated(
          Law.SLOW_JOBS_BLOCK_NOBODY,
          life,
          "was there at " + submitted + ", but was called at " + called + " only");
    }
  }

  private void attemptsAreBounded(Life life) {
    if (life.jobs().isEmpty()) {
      return;
    }
    Job job = life.jobs().getFirst().value().job();
    int mostCalls = job.maxAttempts() + allowance.crashes();
    int told = life.finished().stream().findFirst().map(f -> f.attempts().size()).orElse(0);
    int calls = Math.max(told + wastedCalls(life), life.calls().size());
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
              && reason.next().again()
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

  /**
   * Whether the next attempt, which is due at once, was made with another target, or not before the
   * one that failed had asked for.
   */
  private boolean goesElsewhere(Life life, JobEvent.RetryScheduled retry, Duration retryAfter) {
    if (retry.dueAt().isAfter(retry.at())) {
      return false;
    }
    int next = retry.failed().number() + 1;
    Instant notBefore = retry.at().plus(retryAfter).minus(allowance.clockSkew());
    return life.finished().stream()
        .flatMap(finished -> finished.attempts().stream())
        .filter(attempt -> attempt.number() == next)
        .allMatch(attempt ->
            !target(attempt).equals(target(retry.failed()))
                || !attempt.startedAt().isBefore(notBefore));
  }

  /** Whether the next attempt is due at once, and another target got it if anyone has. */
  private static boolean isSentElsewhere(Life life, JobEvent.RetryScheduled retry) {
    int next = retry.failed().number() + 1;
    return !retry.dueAt().isAfter(retry.at())
        && life.finished().stream()
            .flatMap(finished -> finished.attempts().stream())
            .filter(attempt -> attempt.number() == next)
            .noneMatch(attempt -> target(attempt).equals(target(retry.failed())));
  }

  private static String target(Attempt attempt) {
    return attempt.served() == null
        ? attempt.provider()
        : attempt.provider() + ":" + attempt.served().providerModel();
  }

  private void retriesKeepTheirDueTime(Life life) {
    for (JobEvent.RetryScheduled retry : life.retriesScheduled()) {
      if (retry.failed().failure() instanceof Failure.Throttled throttled
          && !goesElsewhere(life, retry, throttled.retryAfter())
          && retry.dueAt().isBefore(retry.at().plus(throttled.retryAfter()))) {
        violated(
            Law.RETRIES_KEEP_THEIR_DUE_TIME,
            life,
            "is due at "
                + retry.dueAt()
                + ", but its provider asked for "
                + throttled.retryAfter()
                + " at "
                + retry.at());
      }
      retryAfterIsHonoured(life, retry);
      int next = retry.failed().number() + 1;
      Instant due = life.due(retry.failed().number(), retry.dueAt());
      Stream<Instant> starts =
          Stream.concat(
              life.started().stream()
                  .filter(start -> start.attempt() == next)
                  .map(JobEvent.AttemptStarted::at),
              life.finished().stream()
                  .flatMap(finished -> finished.attempts().stream())
                  .filter(attempt -> attempt.number() == next)
                  .map(Attempt::startedAt));
      Stream<Instant> seen =
          life.calls().stream().filter(call -> call.attempt() == next).map(Call::beganAt);
      Stream.concat(starts, seen)
          .filter(start -> start.plus(allowance.clockSkew()).isBefore(due))
          .findFirst()
          .ifPresent(start ->
              violated(
                  Law.RETRIES_KEEP_THEIR_DUE_TIME,
                  life,
                  "began attempt " + next + " at " + start + ", but it was due at " + due));
    }
  }

  /** Where nothing else takes the time. Whoever never calls again has its reasons. */
  private void retriesArePunctual(Life life) {
    for (Recorded<JobEvent> event : life.events()) {
      if (event.value() instanceof JobEvent.RetryScheduled retry) {
        int next = retry.failed().number() + 1;
        Instant wanted = life.dueToAll(retry.failed().number(), retry.dueAt());
        Instant due = wanted.isAfter(event.visibleAt()) ? wanted : event.visibleAt();
        Instant last = due.plus(allowance.clockSkew()).plus(allowance.promptly());
        life.calls().stream()
            .filter(call -> call.attempt() == next)
            .findFirst()
            .filter(call -> call.beganAt().isAfter(last))
            .ifPresent(call ->
                violated(
                    Law.RETRIES_ARE_PUNCTUAL,
                    life,
                    "began attempt " + next + " at " + call.beganAt() + ", but was due at " + due));
      }
    }
  }

  /** By the true clock, whatever the clocks of those who decided it and ran it say. */
  private void retryAfterIsHonoured(Life life, JobEvent.RetryScheduled retry) {
    Attempt failed = retry.failed();
    Failure failure = failed.failure();
    if (failure == null || failure.retryAfter().isZero() || isSentElsewhere(life, retry)) {
      return;
    }
    life.calls().stream()
        .filter(call -> call.attempt() == failed.number())
        .filter(call -> call.worker().equals(failed.worker()))
        .filter(call -> call.toldAt().equals(failed.startedAt()))
        .map(call -> life.due(failed.number(), call.endedAt().plus(failure.retryAfter())))
        .findFirst()
        .ifPresent(free ->
            life.calls().stream()
                .filter(call -> call.attempt() == failed.number() + 1)
                .filter(call -> call.beganAt().isBefore(free))
                .findFirst()
                .ifPresent(early ->
                    violated(
                        Law.RETRIES_KEEP_THEIR_DUE_TIME,
                        life,
                        "was called again at "
                            + early.beganAt()
                            + " by the true clock, but its provider had asked to be left alone"
                            + " until "
                            + free)));
  }

  private void nothingRunsBeforeItsTime(Life life) {
    // A later generation has a time of its own.
    @Nullable Instant runAt = life.jobs().isEmpty() ? null : life.jobs().getFirst().value().dueAt();
    if (runAt == null) {
      return;
    }
    Instant due = life.due(0, runAt);
    life.calls().stream()
        .filter(call -> call.beganAt().plus(allowance.clockSkew()).isBefore(due))
        .findFirst()
        .ifPresent(call ->
            violated(
                Law.RETRIES_KEEP_THEIR_DUE_TIME,
                life,
                "was called at " + call.beganAt() + ", but was not to run before " + due));
  }

  /** A job that kills processes is found out in time; one that does not is not taken for one. */
  private void killersAreContained(Life life) {
    long killed = life.calls().stream().filter(call -> call.end() == Call.End.KILLED).count();
    if (killed > MAX_KILLED + allowance.otherDeaths()) {
      violated(Law.KILLERS_ARE_CONTAINED, life, "killed " + killed + " processes");
    }
    boolean convicted =
        life.finished().stream()
            .anyMatch(finished ->
                finished.outcome() instanceof Outcome.DeadLettered(Failure reason)
                    && reason instanceof Failure.CrashLoop);
    if (convicted
        && !life.calls().isEmpty()
        && killed == 0
        && allowance.otherDeaths() < SUSPECTED_AFTER) {
      violated(Law.KILLERS_ARE_CONTAINED, life, "is said to kill processes, but never killed one");
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
    } else if (!letters.isEmpty()) {
      tellsWhereItComesFrom(life, letters.getFirst());
    }
  }

  /** Each record that it waits in replaces the one before: the last one led to its end. */
  private void tellsWhereItComesFrom(Life life, DeadLetter letter) {
    if (life.jobs().isEmpty()) {
      return; // other laws tell
    }
    Recorded<JobRecord> last =
        life.retries().isEmpty() ? life.jobs().getFirst() : life.retries().getLast();
    DeadLetter.Origin origin = letter.origin();
    if (!origin.equals(new DeadLetter.Origin(last.topic(), last.partition(), last.offset()))) {
      violated(
          Law.DEAD_LETTERS_MATCH_OUTCOMES,
          life,
          "has a dead letter that names " + origin + ", but came from " + last.place());
    } else if (!letter.job().equals(last.value().job())) {
      violated(
          Law.DEAD_LETTERS_MATCH_OUTCOMES,
          life,
          "has a dead letter with another job than at " + last.place());
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

  /**
   * Of each ordering key, in the order of the log: no job is let through, and none of its calls
   * begins, before the outcome of the one before it is written. Whoever left the line before its
   * turn, never to be run, does not count.
   */
  private void orderIsKept() {
    var byName = new HashMap<Life.Name, Life>();
    lives.forEach(life -> byName.put(life.name(), life));
    var lines = new LinkedHashMap<String, List<Life>>();
    history.ordered().stream()
        .sorted(
            Comparator.<Recorded<OrderedRecord>>comparingInt(Recorded::partition)
                .thenComparingLong(Recorded::offset))
        .forEach(record -> {
          if (record.value() instanceof OrderedRecord.Enter enter) {
            @Nullable Ordering ordering = enter.record().job().ordering();
            @Nullable Life life = byName.get(new Life.Name(enter.jobId(), enter.generation()));
            if (ordering != null && life != null && !hasLeftItsLine(life)) {
              enter(
                  lines.computeIfAbsent(ordering.key(), _ -> new ArrayList<>()),
                  life,
                  record,
                  byName.get(new Life.Name(enter.jobId(), enter.generation() - 1)));
            }
          }
        });
    lives.stream()
        .filter(life -> hasLeftItsLine(life) && !life.calls().isEmpty())
        .forEach(life ->
            violated(
                Law.ORDER_IS_KEPT,
                life,
                "left the line of its ordering key before its turn, but was called"));
    lines.forEach((key, line) -> {
      for (int i = 1; i < line.size(); i++) {
        follows(key, line.get(i - 1), line.get(i));
      }
    });
  }

  /**
   * At the end of its line, or, as a later generation, behind the one before: in its place, where
   * that one still blocks the key.
   */
  private void enter(
      List<Life> line, Life life, Recorded<OrderedRecord> entry, @Nullable Life former) {
    if (former != null
        && line.contains(former)
        && blocks(former)
        && !isReleasedByHand(former, entry)) {
      line.add(line.indexOf(former) + 1, life);
    } else {
      line.add(life);
    }
  }

  /** Whether it was dead-lettered, and those behind it are to wait for someone. */
  private static boolean blocks(Life life) {
    return !life.outcomes().isEmpty()
        && life.finished().getFirst().outcome() instanceof Outcome.DeadLettered dead
        && !Objects.requireNonNull(life.jobs().getFirst().value().job().ordering())
            .isReleasedBy(dead);
  }

  private static boolean hasLeftItsLine(Life life) {
    return life.jobs().stream().anyMatch(record -> record.value().cancelled());
  }

  private void follows(String key, Life before, Life life) {
    if (life.jobs().isEmpty()) {
      return; // nothing of it has begun
    }
    Recorded<JobRecord> through = life.jobs().getFirst();
    if (before.outcomes().isEmpty()) {
      notInOrder(key, before, life, through.appendedAt());
      return;
    }
    Recorded<JobEvent> outcome = before.outcomes().getFirst();
    var starts = new ArrayList<Instant>();
    starts.add(through.appendedAt());
    life.calls().forEach(call -> starts.add(call.beganAt()));
    // Attempts are told by the clocks of workers.
    life.finished()
        .forEach(finished ->
            finished
                .attempts()
                .forEach(attempt -> starts.add(attempt.startedAt().plus(allowance.clockSkew()))));
    Instant first = Collections.min(starts);
    if (first.isBefore(outcome.appendedAt())) {
      notInOrder(key, before, life, first);
      return;
    }
    boolean replays =
        before.name().job().equals(life.name().job())
            && before.name().generation() < life.name().generation();
    if (blocks(before)
        && !replays
        && !isReleasedByHand(before, outcome, through.appendedAt(), Long.MAX_VALUE)) {
      violated(
          Law.ORDER_IS_KEPT,
          life,
          "was let through at "
              + through.appendedAt()
              + ", but "
              + before.name()
              + " was dead-lettered and blocks the ordering key "
              + key);
    }
  }

  /** Who releases by hand has seen the dead letter; a worker's release is older than that. */
  private boolean isReleasedByHand(
      Life life, Recorded<JobEvent> outcome, Instant until, long below) {
    // Each partition shows at its own time that a transaction was committed.
    Instant seen =
        Stream.concat(Stream.of(outcome), life.deadLetters().stream())
            .map(Recorded::visibleAt)
            .min(Comparator.naturalOrder())
            .orElseThrow();
    return history.ordered().stream()
        .anyMatch(record ->
            record.value() instanceof OrderedRecord.Release release
                && release.jobId().equals(life.name().job())
                && release.generation() == life.name().generation()
                && record.appendedAt().plusMillis(1).isAfter(seen)
                && !record.appendedAt().isAfter(until)
                && record.offset() < below);
  }

  /** Whether that was before {@code entry} stood in the same line. */
  private boolean isReleasedByHand(Life life, Recorded<OrderedRecord> entry) {
    return isReleasedByHand(life, life.outcomes().getFirst(), entry.appendedAt(), entry.offset());
  }

  private void notInOrder(String key, Life before, Life life, Instant start) {
    violated(
        Law.ORDER_IS_KEPT,
        life.name().toString(),
        "began at "
            + start
            + ", before the outcome of "
            + before.name()
            + ", which has the same ordering key ("
            + key
            + ") and was there first",
        before.story() + life.story());
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
    if (history.results().isEmpty()) {
      return;
    }
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
        finished.at(),
        Attempt.costNanos(finished.attempts()));
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
