package dev.penstock.streams.figures;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.streams.Lives;
import dev.penstock.streams.view.Input;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** What many jobs leave on the topics, drawn by a seed. */
public final class History {
  private static final List<String> MODELS = List.of("fast", "local", "careful:large");
  private static final List<String> TENANTS = List.of("default", "a", "b");

  /**
   * A record on its topic.
   *
   * @param at when the broker appends it
   * @param value a job record, an event, or a request to cancel
   */
  public record Written(Input input, Instant at, Object value) {
    /** The key of the record. */
    public byte[] key() {
      JobId id =
          switch (value) {
            case JobRecord job -> job.job().id();
            case JobEvent event -> event.jobId();
            case CancelRequest cancel -> cancel.jobId();
            default -> throw new AssertionError(value);
          };
      return id.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The record's value. */
    public byte[] bytes() {
      return switch (value) {
        case JobRecord job -> JsonCodec.JOB_RECORDS.encode(job);
        case JobEvent event -> JsonCodec.EVENTS.encode(event);
        case CancelRequest cancel -> JsonCodec.CANCEL_REQUESTS.encode(cancel);
        default -> throw new AssertionError(value);
      };
    }
  }

  private final Random random;
  private final List<Written> records = new ArrayList<>();

  private History(Random random) {
    this.random = random;
  }

  /** The records of {@code jobs} jobs that entered within {@code span}, by rising time. */
  public static List<Written> of(int jobs, Instant start, Duration span, Random random) {
    var history = new History(random);
    for (int i = 0; i < jobs; i++) {
      history.live(start.plusMillis(Math.floorMod(random.nextLong(), span.toMillis())));
    }
    history.records.sort(java.util.Comparator.comparing(Written::at));
    return List.copyOf(history.records);
  }

  private void live(Instant acceptedAt) {
    Job job = job(acceptedAt);
    Instant at = acceptedAt;
    // One in fifty has lost its own record, as when the topic was trimmed.
    boolean known = random.nextInt(50) != 0;
    int generations = random.nextInt(20) == 0 ? 2 + random.nextInt(2) : 1;
    for (int generation = 0; generation < generations; generation++) {
      var record = new JobRecord(job, generation, List.of(), generation == 0 ? job.runAt() : null);
      if (known) {
        write(Input.JOBS, at, record);
        if (random.nextInt(20) == 0) {
          // As an ordered job, it is read twice.
          write(Input.ACCEPTED, at, record);
        }
      }
      at = generation(job, generation, at, generation < generations - 1);
    }
  }

  /** One generation; says when it was over. */
  private Instant generation(Job job, int generation, Instant from, boolean mustEnd) {
    Instant at = job.runAt() != null && generation == 0 ? job.runAt() : from;
    if (random.nextInt(20) == 0) {
      write(Input.CONTROL, at, new CancelRequest(job.id(), generation, at));
    }
    if (!mustEnd && random.nextInt(15) == 0) {
      return at;
    }
    var attempts = new ArrayList<Attempt>();
    if (random.nextInt(40) == 0) {
      at = at.plusMillis(20);
      var reason = new Failure.BudgetSpent("the budget of tenant 'a' is spent: 12.5 of 12.5");
      end(job, generation, attempts, new Outcome.DeadLettered(reason), at);
      return at;
    }
    int count = 1 + (random.nextInt(4) == 0 ? random.nextInt(3) : 0);
    for (int number = 1; number <= count; number++) {
      at = at.plusMillis(random.nextInt(5_000));
      for (int lost = random.nextInt(12) == 0 ? 1 + random.nextInt(2) : 0; lost > 0; lost--) {
        write(Input.EVENTS, at, started(job.id(), generation, number, at));
        at = at.plusMillis(1 + random.nextInt(9_000));
      }
      Instant startedAt = at;
      if (random.nextInt(3) == 0) {
        write(Input.EVENTS, at, started(job.id(), generation, number, at));
      }
      Duration latency = Duration.ofNanos(1_000L * random.nextInt(3_000_000));
      at = at.plus(latency).plusMillis(1);
      boolean last = number == count;
      Failure failure = last && !mustEnd && random.nextInt(4) != 0 ? null : failure();
      boolean cached = failure == null && random.nextInt(10) == 0;
      Attempt attempt =
          new Attempt(number, provider(number), "w1", startedAt, latency, failure, served(cached));
      attempts.add(attempt);
      if (!last) {
        Instant dueAt = at.plusMillis(random.nextInt(20_000));
        write(
            Input.EVENTS,
            at,
            new JobEvent.RetryScheduled(job.id(), generation, attempt, dueAt, at));
        at = dueAt;
      } else if (mustEnd || random.nextInt(20) != 0) {
        end(job, generation, attempts, outcome(failure), at);
      }
    }
    return at.plusMillis(50);
  }

  private Outcome outcome(@org.jspecify.annotations.Nullable Failure failure) {
    if (failure != null) {
      return random.nextInt(8) == 0 ? new Outcome.Expired() : new Outcome.DeadLettered(failure);
    }
    return random.nextInt(30) == 0
        ? new Outcome.Cancelled()
        : new Outcome.Succeeded(Lives.output());
  }

  private void end(Job job, int generation, List<Attempt> attempts, Outcome outcome, Instant at) {
    write(Input.EVENTS, at, new JobEvent.Finished(job.id(), generation, attempts, outcome, at));
  }

  private JobEvent started(JobId id, int generation, int attempt, Instant at) {
    return new JobEvent.AttemptStarted(
        id, generation, attempt, provider(attempt), "w1", at, 5L + random.nextInt(100));
  }

  private static String provider(int attempt) {
    return attempt % 2 == 1 ? "one" : "two";
  }

  private Failure failure() {
    return switch (random.nextInt(4)) {
      case 0 -> new Failure.TimedOut("no answer within " + random.nextInt(90) + " s");
      case 1 -> new Failure.Retryable("HTTP 503, request " + UUID.randomUUID() + " failed");
      case 2 -> new Failure.NoProvider("no provider of this worker serves 'nosuch'");
      default -> new Failure.InvalidRequest("the model \"m" + random.nextInt(99) + "\" says no");
    };
  }

  private Served served(boolean cached) {
    return cached
        ? new Served("m-1", null, Usage.NONE, null, null, null, Lives.T0)
        : new Served(
            random.nextBoolean() ? "m-1" : null,
            null,
            new Usage(random.nextInt(500), random.nextInt(500), random.nextInt(50)),
            (long) random.nextInt(10_000),
            null);
  }

  private Job job(Instant acceptedAt) {
    return new Job(
        JobId.random(acceptedAt),
        MODELS.get(random.nextInt(MODELS.size())),
        random.nextBoolean()
            ? new JobInput.DetectLanguage("Guten Tag")
            : new JobInput.Summarize("Guten Tag.", 1),
        5,
        Duration.ofSeconds(30),
        acceptedAt,
        null,
        Map.of(),
        random.nextInt(20) == 0 ? acceptedAt.plusSeconds(30) : null,
        null,
        null,
        Priority.NORMAL,
        false,
        TenantId.of(TENANTS.get(random.nextInt(TENANTS.size()))),
        null);
  }

  private void write(Input input, Instant at, Object value) {
    // Kafka keeps milliseconds.
    Instant appended = at.plusMillis(random.nextInt(20)).truncatedTo(ChronoUnit.MILLIS);
    records.add(new Written(input, appended, value));
  }
}
