package dev.penstock.chaos.law;

import dev.penstock.job.Attempt;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobState;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A made-up run in which every law holds: one job that succeeds at once, one on its second attempt,
 * one that is dead-lettered, one that is cancelled, one sent twice under a key, and one poison
 * record. Tests plant violations in it.
 */
final class Run {
  static final int COMMITS_TO_TELL = 2;
  static final Allowance ALLOWANCE =
      new Allowance(1, Duration.ZERO, COMMITS_TO_TELL, Allowance.NO_MATTER_WHEN, 1);
  static final Failure FAILURE = new Failure.Retryable("reset");
  static final int MAX_ATTEMPTS = 2;

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Outcome SUCCESS =
      new Outcome.Succeeded(
          new JobOutput.DetectedLanguages(List.of(new JobOutput.ScoredLabel("deu", 1))));

  final HistoryBuilder history = new HistoryBuilder();
  final JobId succeeded;
  final JobId retried;
  final JobId dead;
  final JobId cancelled;
  final JobId keyed;
  private Instant startedAt = START;
  private long seconds;
  private long offset;

  Run() {
    succeeded = submit(Optional.empty());
    start(succeeded, 1);
    finish(succeeded, List.of(attempt(1, false)), SUCCESS);

    retried = submit(Optional.empty());
    start(retried, 1);
    retry(retried, attempt(1, true), 0);
    start(retried, 2);
    finish(retried, List.of(failedAttempt(retried), attempt(2, false)), SUCCESS);

    dead = submit(Optional.empty());
    start(dead, 1);
    retry(dead, attempt(1, true), 0);
    start(dead, 2);
    var attempts = List.of(failedAttempt(dead), attempt(2, true));
    finish(dead, attempts, new Outcome.DeadLettered(FAILURE));
    bury(dead, attempts);

    cancelled = submit(Optional.empty());
    history.cancels.add(record("control", new CancelRequest(cancelled, 0, now())));
    finish(cancelled, List.of(), new Outcome.Cancelled());

    keyed = submit(Optional.of("k"));
    accepted(keyed, Optional.of("k"));
    start(keyed, 1);
    // The first call was lost with its worker.
    start(keyed, 1);
    finish(keyed, List.of(attempt(1, false)), SUCCESS);

    history.planted.add(new Poison("jobs:0:999", "aa", "bb", ""));
    history.poison.add(new Poison("jobs:0:999", "aa", "bb", "not a JSON object"));
  }

  Instant now() {
    return START.plusSeconds(seconds++);
  }

  <T> Recorded<T> record(String topic, T value) {
    return new Recorded<>(topic, 0, offset++, START.plusSeconds(seconds), value);
  }

  JobId submit(Optional<String> key) {
    return submit(key, Priority.NORMAL);
  }

  JobId submit(Optional<String> key, Priority priority) {
    Instant now = now();
    JobId id = JobId.random(now);
    accepted(id, key);
    String topic = priority == Priority.NORMAL ? "jobs" : "jobs." + priority.wireName();
    history.jobs.add(record(topic, JobRecord.accepted(job(id, now, priority))));
    return id;
  }

  void accepted(JobId id, Optional<String> key) {
    history.submissions.add(new Submission(key, new Submission.Answer.Accepted(id)));
  }

  private static Job job(JobId id, Instant now) {
    return job(id, now, Priority.NORMAL);
  }

  private static Job job(JobId id, Instant now, Priority priority) {
    return new Job(
        id,
        "simulated",
        new JobInput.Embed("text"),
        MAX_ATTEMPTS,
        Duration.ofMinutes(1),
        now,
        null,
        Map.of(),
        null,
        null,
        null,
        priority);
  }

  /** The attempt whose start was told last. */
  Attempt attempt(int number, boolean fails) {
    return new Attempt(
        number, "simulated", "w1", startedAt, Duration.ofSeconds(1), fails ? FAILURE : null);
  }

  /** The first attempt of a job, as its start was told. */
  Attempt started(JobId id, boolean fails) {
    JobEvent.AttemptStarted start =
        history.events.stream()
            .map(Recorded::value)
            .filter(event -> event.jobId().equals(id))
            .filter(JobEvent.AttemptStarted.class::isInstance)
            .map(JobEvent.AttemptStarted.class::cast)
            .findFirst()
            .orElseThrow();
    return new Attempt(
        start.attempt(),
        start.provider(),
        start.worker(),
        start.at(),
        Duration.ofSeconds(1),
        fails ? FAILURE : null);
  }

  /** The attempt that the events say has failed. */
  Attempt failedAttempt(JobId id) {
    return history.events.stream()
        .map(Recorded::value)
        .filter(event -> event.jobId().equals(id))
        .filter(JobEvent.RetryScheduled.class::isInstance)
        .map(event -> ((JobEvent.RetryScheduled) event).failed())
        .findFirst()
        .orElseThrow();
  }

  void start(JobId id, int attempt) {
    startedAt = now();
    event(new JobEvent.AttemptStarted(id, 0, attempt, "simulated", "w1", startedAt));
  }

  void retry(JobId id, Attempt failed, int delaySeconds) {
    Instant now = now();
    history.retries.add(
        record(
            "retry",
            new JobRecord(job(id, START), 0, List.of(failed), now.plusSeconds(delaySeconds))));
    event(new JobEvent.RetryScheduled(id, 0, failed, now.plusSeconds(delaySeconds), now));
  }

  void finish(JobId id, List<Attempt> attempts, Outcome outcome) {
    finish(id, 0, attempts, outcome);
  }

  /** A later generation has succeeded. */
  void succeed(JobId id, int generation) {
    finish(id, generation, List.of(attempt(1, false)), SUCCESS);
  }

  private void finish(JobId id, int generation, List<Attempt> attempts, Outcome outcome) {
    Instant now = now();
    event(new JobEvent.Finished(id, generation, attempts, outcome, now));
    history.results.put(
        id,
        new JobResult(
            id,
            generation,
            outcome.state().wireName(),
            outcome instanceof Outcome.Succeeded(JobOutput output) ? output : null,
            outcome.state() == JobState.DEAD_LETTERED ? FAILURE : null,
            now));
  }

  void bury(JobId id, List<Attempt> attempts) {
    bury(id, attempts, FAILURE);
  }

  void bury(JobId id, List<Attempt> attempts, Failure reason) {
    Recorded<JobRecord> from =
        Stream.concat(history.jobs.stream(), history.retries.stream())
            .filter(record -> record.value().job().id().equals(id))
            .reduce((_, later) -> later)
            .orElseThrow();
    var origin = new DeadLetter.Origin(from.topic(), from.partition(), from.offset());
    history.deadLetters.add(
        record(
            "dead-letters",
            new DeadLetter(from.value().job(), 0, attempts, reason, origin, now())));
  }

  /** Says that the one dead letter is of another job, or from elsewhere. */
  void misplace(Job job, DeadLetter.Origin origin) {
    history.deadLetters.replaceAll(record -> {
      DeadLetter letter = record.value();
      return new Recorded<>(
          record.topic(),
          record.partition(),
          record.offset(),
          record.appendedAt(),
          new DeadLetter(
              job, letter.generation(), letter.attempts(), letter.reason(), origin, letter.at()));
    });
  }

  void event(JobEvent event) {
    history.events.add(record("events", event));
  }

  /** The job as it was submitted. */
  JobRecord jobRecord(JobId id) {
    return history.jobs.stream()
        .map(Recorded::value)
        .filter(job -> job.job().id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  /** Has jobs stand in the line of one ordering key, in this order. */
  void line(Ordering.OnDeadLetter onDeadLetter, JobId... ids) {
    for (JobId id : ids) {
      replace(id, null, null, new Ordering("a", onDeadLetter));
      history.ordered.add(record("ordered", new OrderedRecord.Enter(jobRecord(id), null)));
    }
  }

  /** Has a job leave its line before its turn. */
  void leave(JobId id) {
    history.jobs.replaceAll(record ->
        record.value().job().id().equals(id)
            ? new Recorded<>(
                record.topic(),
                record.partition(),
                record.offset(),
                record.appendedAt(),
                record.value().asCancelled())
            : record);
  }

  /** Gives a job a deadline. */
  void expire(JobId id, Instant deadline) {
    replace(id, deadline, null, null);
  }

  /** Gives a job a time before which it is not to run. */
  void schedule(JobId id, Instant runAt) {
    replace(id, null, runAt, null);
  }

  private void replace(
      JobId id, @Nullable Instant deadline, @Nullable Instant runAt, @Nullable Ordering ordering) {
    history.jobs.replaceAll(record -> {
      Job job = record.value().job();
      var changed =
          new Job(
              job.id(),
              job.model(),
              job.input(),
              job.maxAttempts(),
              job.attemptTimeout(),
              job.acceptedAt(),
              deadline,
              job.labels(),
              runAt,
              job.retry(),
              ordering,
              Priority.NORMAL);
      return job.id().equals(id)
          ? new Recorded<>(
              record.topic(),
              record.partition(),
              record.offset(),
              record.appendedAt(),
              JobRecord.accepted(changed))
          : record;
    });
  }

  /** A call that brought its process down. */
  Call kill(JobId id, int life) {
    Call call = call(id, "w1", life, Duration.ofHours(-1).plusSeconds(life));
    return new Call(
        call.job(),
        call.generation(),
        call.attempt(),
        call.worker(),
        life,
        true,
        call.ownedSince(),
        call.toldAt(),
        call.beganAt(),
        call.endedAt(),
        Call.End.KILLED,
        0);
  }

  /** An owner's call of a first attempt, so long after the time at which the attempt was told. */
  Call call(JobId id, String worker, int life, Duration after) {
    Instant told =
        history.events.stream()
            .map(Recorded::value)
            .filter(event -> event.jobId().equals(id))
            .map(event ->
                event instanceof JobEvent.AttemptStarted started ? started.at() : event.at())
            .findFirst()
            .orElseThrow();
    Instant began = told.plus(after);
    return new Call(
        id,
        0,
        1,
        worker,
        life,
        true,
        START,
        began,
        began,
        began.plusMillis(100),
        Call.End.RETURNED,
        0);
  }

  /** The same call, seen otherwise. */
  Call change(Call call, boolean owned, Instant ownedSince, int commits) {
    return new Call(
        call.job(),
        call.generation(),
        call.attempt(),
        call.worker(),
        call.life(),
        owned,
        ownedSince,
        call.toldAt(),
        call.beganAt(),
        call.endedAt(),
        call.end(),
        commits);
  }

  /** Takes the outcomes of a job out of the record. */
  void forgetOutcome(JobId id) {
    history.events.removeIf(
        event -> event.value() instanceof JobEvent.Finished && event.value().jobId().equals(id));
  }

  List<Violation> check() {
    return Laws.check(history.build(), ALLOWANCE);
  }
}
