package dev.penstock.streams;

import dev.penstock.job.Attempt;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.streams.view.Fact;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.Origin;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Jobs and what happens to them, for tests. */
public final class Lives {
  public static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");

  private Lives() {}

  public static Job job(Instant acceptedAt) {
    return new Job(
        JobId.random(acceptedAt),
        "local",
        new JobInput.DetectLanguage("Guten Tag"),
        3,
        Duration.ofSeconds(30),
        acceptedAt,
        null,
        Map.of("team", "blue"));
  }

  /** The fact that the broker appended {@code record} at {@code at}. */
  public static Fact.Accepted fact(JobRecord record, Instant at) {
    return new Fact.Accepted(record, at, new Origin(Input.JOBS, 7), null);
  }

  public static Job scheduled(Instant acceptedAt, Instant runAt) {
    Job job = job(acceptedAt);
    return new Job(
        job.id(),
        job.model(),
        job.input(),
        job.maxAttempts(),
        job.attemptTimeout(),
        acceptedAt,
        null,
        job.labels(),
        runAt,
        null,
        null,
        Priority.NORMAL);
  }

  /** A job with an ordering key. */
  public static Job ordered(Instant acceptedAt, String key) {
    Job job = job(acceptedAt);
    return new Job(
        job.id(),
        job.model(),
        job.input(),
        job.maxAttempts(),
        job.attemptTimeout(),
        acceptedAt,
        null,
        job.labels(),
        null,
        null,
        new Ordering(key, Ordering.OnDeadLetter.RELEASE),
        Priority.NORMAL);
  }

  public static JobEvent.AttemptStarted started(
      JobId id, int generation, int attempt, String worker, Instant at) {
    return new JobEvent.AttemptStarted(id, generation, attempt, "local", worker, at);
  }

  public static JobEvent.RetryScheduled retried(JobId id, int generation, int attempt, Instant at) {
    return new JobEvent.RetryScheduled(id, generation, failed(attempt, at), at.plusSeconds(5), at);
  }

  public static Attempt failed(int attempt, Instant at) {
    return new Attempt(
        attempt,
        "local",
        "w1",
        at.minusSeconds(1),
        Duration.ofSeconds(1),
        new Failure.Retryable("connection reset"));
  }

  public static Attempt succeeded(int attempt, Instant at) {
    return new Attempt(attempt, "local", "w1", at.minusSeconds(1), Duration.ofSeconds(1), null);
  }

  public static JobEvent.Finished succeeded(JobId id, int generation, int attempts, Instant at) {
    var all = new ArrayList<Attempt>();
    for (int attempt = 1; attempt < attempts; attempt++) {
      all.add(failed(attempt, at));
    }
    all.add(succeeded(attempts, at));
    return new JobEvent.Finished(id, generation, all, new Outcome.Succeeded(output()), at);
  }

  public static JobEvent.Finished deadLettered(JobId id, int generation, Instant at) {
    return new JobEvent.Finished(
        id,
        generation,
        List.of(failed(1, at)),
        new Outcome.DeadLettered(new Failure.InvalidRequest("too long")),
        at);
  }

  public static JobOutput output() {
    return new JobOutput.DetectedLanguages(List.of(new JobOutput.ScoredLabel("deu", 0.99)));
  }

  public static CancelRequest cancel(JobId id, int generation, Instant at) {
    return new CancelRequest(id, generation, at);
  }

  /** All records that one job can leave behind, in the order of its life. */
  public static List<Object> random(Job job, RandomGenerator random) {
    var records = new ArrayList<Object>();
    Instant at = job.acceptedAt();
    int generations = 1 + random.nextInt(3);
    for (int generation = 0; generation < generations; generation++) {
      at = at.plusMillis(10);
      records.add(new JobRecord(job, generation, List.of(), null));
      int attempts = 1 + random.nextInt(4);
      for (int attempt = 1; attempt <= attempts; attempt++) {
        int starts = 1 + random.nextInt(3);
        for (int start = 1; start <= starts; start++) {
          at = at.plusMillis(10);
          records.add(started(job.id(), generation, attempt, "w" + start, at));
        }
        if (attempt < attempts) {
          at = at.plusMillis(10);
          records.add(retried(job.id(), generation, attempt, at));
        }
      }
      if (random.nextInt(4) == 0) {
        records.add(cancel(job.id(), generation, at));
      }
      if (random.nextInt(4) == 0) {
        int behind = random.nextInt(attempts);
        records.add(new RetryNowRequest(job.id(), generation, behind, at));
        records.add(new RetryNowRequest(job.id(), generation, behind, at.plusMillis(5)));
      }
      boolean last = generation == generations - 1;
      at = at.plusMillis(10);
      if (!last) {
        records.add(deadLettered(job.id(), generation, at));
      } else if (random.nextBoolean()) {
        records.add(succeeded(job.id(), generation, attempts, at));
      }
    }
    return records;
  }
}
