package dev.penstock.streams.figures;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.FailureGroup;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Usage;
import dev.penstock.streams.figures.Figures.Count;
import dev.penstock.streams.figures.History.Written;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The figures straight from a list of records, job by job, without the fold, the topology or its
 * store: what they have to be equal to.
 */
public final class Recomputed {
  private final Retentions retentions;
  private final long endMillis;

  /** Windows by size, then by begin and subject. */
  private final Map<WindowSize, Map<List<String>, NavigableMap<Long, Figures>>> windows =
      new HashMap<>();

  private final TreeMap<JobCounts.Place, Long> jobs = new TreeMap<>();
  private final Map<JobId, String> states = new HashMap<>();
  private final Map<FailureGroup, Seen> failures = new HashMap<>();
  private long oldestQueued = JobCounts.NONE;

  /** What is known of a group of failures. */
  public static final class Seen {
    private long count;
    private long first = Long.MAX_VALUE;
    private long last = Long.MIN_VALUE;
    private String example = "";
    private long dead;

    @Override
    public String toString() {
      return count + " from " + first + " to " + last + ", " + example + ", " + dead + " dead";
    }
  }

  /** Of the records of one partition, because what is kept depends on its latest record. */
  public Recomputed(Collection<Written> records, Retentions retentions) {
    this.retentions = retentions;
    this.endMillis = records.stream().mapToLong(each -> each.at().toEpochMilli()).max().orElse(0);
    Map<String, List<Written>> byJob =
        records.stream()
            .collect(
                Collectors.groupingBy(
                    each -> new String(each.key(), java.nio.charset.StandardCharsets.UTF_8)));
    byJob.values().forEach(this::job);
  }

  private void job(List<Written> records) {
    Job job =
        records.stream()
            .map(Written::value)
            .filter(JobRecord.class::isInstance)
            .map(each -> ((JobRecord) each).job())
            .findFirst()
            .orElse(null);
    if (job == null) {
      return;
    }
    int generations = 0;
    for (Written each : records) {
      generations = Math.max(generations, generationOf(each.value()));
    }
    for (int generation = 0; generation <= generations; generation++) {
      int of = generation;
      List<Written> own =
          records.stream().filter(each -> generationOf(each.value()) == of).toList();
      generation(job, generation, own, generation == generations);
    }
  }

  private static int generationOf(Object value) {
    return switch (value) {
      case JobRecord record -> record.generation();
      case JobEvent event -> event.generation();
      default -> 0;
    };
  }

  private void generation(Job job, int generation, List<Written> records, boolean present) {
    Instant entered = null;
    Instant runAt = null;
    var starts = new TreeMap<Integer, List<JobEvent.AttemptStarted>>();
    var retries = new TreeMap<Integer, JobEvent.RetryScheduled>();
    JobEvent.Finished end = null;
    for (Written each : records) {
      switch (each.value()) {
        case JobRecord record -> {
          Instant at = generation == 0 ? record.job().acceptedAt() : each.at();
          entered = entered == null || at.isBefore(entered) ? at : entered;
          runAt = record.dueAt();
        }
        case JobEvent.AttemptStarted start ->
            starts.computeIfAbsent(start.attempt(), _ -> new ArrayList<>()).add(start);
        case JobEvent.RetryScheduled retry -> retries.put(retry.failed().number(), retry);
        case JobEvent.Finished finished -> end = finished;
        default -> {}
      }
    }
    var subject = new Subject(job.tenant().name(), job.model(), kind(job), "", "", "");
    if (entered != null) {
      window(subject, entered).forEach(each -> each.add(Count.ACCEPTED, 1));
    }
    wasted(subject, starts, end);
    for (JobEvent.RetryScheduled retry : retries.values()) {
      Instant free = freeFrom(retry.failed().number(), runAt, entered, retries);
      attempt(job, subject, retry.failed(), retry.at(), "retried", free);
    }
    if (end != null) {
      ended(job, subject, end, entered);
      for (Attempt attempt : end.attempts()) {
        if (!retries.containsKey(attempt.number())) {
          Instant free = freeFrom(attempt.number(), runAt, entered, retries);
          attempt(job, subject, attempt, end.at(), end.outcome().state().wireName(), free);
        }
      }
    }
    if (present) {
      present(job, entered, runAt, starts, retries, end);
    }
  }

  private void wasted(
      Subject subject,
      Map<Integer, List<JobEvent.AttemptStarted>> starts,
      JobEvent.@Nullable Finished end) {
    starts.forEach((number, begun) -> {
      boolean used =
          end == null
              || end.attempts().stream()
                  .anyMatch(each -> each.number() == number && !isCached(each));
      List<JobEvent.AttemptStarted> lost =
          begun.stream()
              .sorted(java.util.Comparator.comparing(JobEvent.AttemptStarted::at))
              .limit(begun.size() - (used ? 1 : 0))
              .toList();
      for (JobEvent.AttemptStarted each : lost) {
        window(subject.called(each.provider(), "", "wasted"), each.at())
            .forEach(figures -> {
              figures.add(Count.CALLS, 1);
              figures.add(Count.WASTED, 1);
              figures.add(Count.WASTED_COST_NANOS, Objects.requireNonNull(each.inputCostNanos()));
            });
      }
    });
  }

  private static boolean isCached(Attempt attempt) {
    return attempt.served() != null && attempt.served().cachedAt() != null;
  }

  /** Nobody was called: no worker knows a provider for the job. */
  private static boolean isRefusal(Attempt attempt) {
    return attempt.failure() != null && attempt.failure().code().equals("no_provider");
  }

  private static String provider(Attempt attempt) {
    return isRefusal(attempt) ? "" : attempt.provider();
  }

  private static @Nullable Instant freeFrom(
      int number,
      @Nullable Instant runAt,
      @Nullable Instant entered,
      Map<Integer, JobEvent.RetryScheduled> retries) {
    if (number == 1) {
      return runAt == null ? entered : runAt;
    }
    JobEvent.RetryScheduled before = retries.get(number - 1);
    return before == null ? null : before.dueAt();
  }

  private void attempt(
      Job job,
      Subject subject,
      Attempt attempt,
      Instant at,
      String outcome,
      @Nullable Instant free) {
    var served = Objects.requireNonNull(attempt.served());
    String model = served.providerModel() == null ? "" : served.providerModel();
    Failure failure = attempt.failure();
    window(subject.called(provider(attempt), model, outcome), at)
        .forEach(figures -> {
          if (outcome.equals("retried")) {
            figures.add(Count.RETRIED, 1);
          }
          if (failure != null) {
            figures.addFailed(failure.code(), 1);
          }
          if (isCached(attempt)) {
            figures.add(Count.CACHED, 1);
            return;
          }
          if (isRefusal(attempt)) {
            return;
          }
          Usage usage = served.usage();
          figures.add(Count.CALLS, 1);
          figures.add(Count.INPUT_TOKENS, usage.inputTokens());
          figures.add(Count.OUTPUT_TOKENS, usage.outputTokens());
          figures.add(Count.CACHED_TOKENS, usage.cachedTokens());
          figures.add(Count.COST_NANOS, Objects.requireNonNull(served.costNanos()));
          figures.providerLatency().add(attempt.latency().toNanos() / 1_000, 1);
          if (free != null) {
            figures.queueWait().add(micros(free, attempt.startedAt()), 1);
          }
        });
    if (failure != null) {
      long seen = attempt.startedAt().toEpochMilli() + attempt.latency().toNanos() / 1_000_000;
      failed(job, failure, provider(attempt), seen);
    }
  }

  private void ended(Job job, Subject subject, JobEvent.Finished end, @Nullable Instant entered) {
    Attempt last = end.attempts().isEmpty() ? null : end.attempts().getLast();
    String outcome = end.outcome().state().wireName();
    Subject called =
        last == null
            ? subject.called("", "", outcome)
            : subject.called(
                provider(last),
                Objects.requireNonNullElse(
                    Objects.requireNonNull(last.served()).providerModel(), ""),
                outcome);
    Failure reason = end.outcome() instanceof Outcome.DeadLettered(Failure why) ? why : null;
    boolean withoutAttempt = reason != null && last == null;
    window(called, end.at())
        .forEach(figures -> {
          figures.add(
              switch (end.outcome()) {
                case Outcome.Succeeded _ -> Count.SUCCEEDED;
                case Outcome.DeadLettered _ -> Count.DEAD_LETTERED;
                case Outcome.Cancelled _ -> Count.CANCELLED;
                case Outcome.Expired _ -> Count.EXPIRED;
              },
              1);
          if (entered != null) {
            figures.totalLatency().add(micros(entered, end.at()), 1);
          }
          if (withoutAttempt) {
            figures.addFailed(Objects.requireNonNull(reason).code(), 1);
          }
        });
    if (withoutAttempt) {
      failed(job, Objects.requireNonNull(reason), "", end.at().toEpochMilli());
    }
  }

  private void failed(Job job, Failure failure, String provider, long atMillis) {
    long hour = atMillis - Math.floorMod(atMillis, 3_600_000L);
    if (isDropped(WindowSize.HOUR, hour)) {
      return;
    }
    Seen seen = seen(job, failure, provider);
    String id = job.id().toString();
    seen.count++;
    seen.first = Math.min(seen.first, atMillis);
    if (atMillis > seen.last || (atMillis == seen.last && id.compareTo(seen.example) > 0)) {
      seen.last = atMillis;
      seen.example = id;
    }
  }

  private Seen seen(Job job, Failure failure, String provider) {
    return failures.computeIfAbsent(
        FailureGroup.of(failure.code(), provider, job.model(), kind(job), failure.message()),
        _ -> new Seen());
  }

  private void present(
      Job job,
      @Nullable Instant entered,
      @Nullable Instant runAt,
      Map<Integer, List<JobEvent.AttemptStarted>> starts,
      Map<Integer, JobEvent.RetryScheduled> retries,
      JobEvent.@Nullable Finished end) {
    String state;
    if (end != null) {
      state = end.outcome().state().wireName();
      if (end.outcome() instanceof Outcome.DeadLettered(Failure reason)) {
        String provider = end.attempts().isEmpty() ? "" : provider(end.attempts().getLast());
        seen(job, reason, provider).dead++;
      }
    } else if (starts.isEmpty() && retries.isEmpty()) {
      state = runAt == null ? "queued" : "scheduled";
      if (runAt == null && entered != null) {
        oldestQueued = Math.min(oldestQueued, entered.getEpochSecond());
      }
    } else {
      int lastStart = starts.isEmpty() ? 0 : java.util.Collections.max(starts.keySet());
      int lastRetry = retries.isEmpty() ? 0 : java.util.Collections.max(retries.keySet());
      state = lastStart > lastRetry ? "running" : "waiting";
    }
    states.put(job.id(), state);
    jobs.merge(
        new JobCounts.Place(state, job.tenant().name(), job.model(), kind(job)), 1L, Long::sum);
  }

  /** The figures of the windows that a time lies in and that are kept. */
  private List<Figures> window(Subject subject, Instant at) {
    var all = new ArrayList<Figures>();
    for (WindowSize size : WindowSize.values()) {
      long start = at.toEpochMilli() - Math.floorMod(at.toEpochMilli(), size.millis());
      if (!isDropped(size, start)) {
        all.add(
            windows
                .computeIfAbsent(size, _ -> new HashMap<>())
                .computeIfAbsent(labels(subject), _ -> new TreeMap<>())
                .computeIfAbsent(start, _ -> new Figures()));
      }
    }
    return all;
  }

  /** A window is kept for its retention after its end. */
  private boolean isDropped(WindowSize size, long start) {
    return start + size.millis() <= endMillis - retentions.of(size).toMillis();
  }

  private static List<String> labels(Subject subject) {
    return List.of(
        subject.tenant(),
        subject.model(),
        subject.provider(),
        subject.providerModel(),
        subject.kind(),
        subject.outcome());
  }

  private static long micros(Instant from, Instant to) {
    return Math.max(0, Duration.between(from, to).toNanos() / 1_000);
  }

  private static String kind(Job job) {
    return job.input().kind().wireName();
  }

  /** All windows of a size as text, for a comparison that tells what differs. */
  public NavigableMap<String, String> windows(WindowSize size) {
    return text(windows.getOrDefault(size, Map.of()));
  }

  public NavigableMap<JobCounts.Place, Long> jobs() {
    return jobs;
  }

  /** The state of each job. */
  public Map<JobId, String> states() {
    return states;
  }

  /** The second in which the longest queued job entered. */
  public long oldestQueued() {
    return oldestQueued;
  }

  /** The groups of failures as text. */
  public NavigableMap<String, String> failures() {
    var text = new TreeMap<String, String>();
    failures.forEach((group, seen) -> text.put(group.toString(), seen.toString()));
    return text;
  }

  /** What differs between the two, bounded, and how it differs. */
  public static List<String> differences(Map<String, String> expected, Map<String, String> actual) {
    var keys = new java.util.TreeSet<>(expected.keySet());
    keys.addAll(actual.keySet());
    return keys.stream()
        .filter(key -> !Objects.equals(expected.get(key), actual.get(key)))
        .limit(5)
        .map(key -> key + ": expected " + expected.get(key) + ", but was " + actual.get(key))
        .toList();
  }

  /** All windows of {@code table} as {@link #windows} tells them. */
  public static NavigableMap<String, String> text(
      Map<List<String>, NavigableMap<Long, Figures>> series) {
    var text = new TreeMap<String, String>();
    series.forEach((labels, windows) ->
        windows.forEach((start, figures) -> {
          var out = new Packed.Writer();
          figures.write(out);
          text.put(
              start + " " + labels,
              figures + " " + java.util.HexFormat.of().formatHex(out.toBytes()));
        }));
    return text;
  }

  /** The groups of {@code table} as {@link #failures} tells them. */
  public static NavigableMap<String, String> text(FailureTable table) {
    var text = new TreeMap<String, String>();
    table
        .rows()
        .forEach((group, row) -> {
          var seen = new Seen();
          seen.count = row.count();
          seen.first = row.firstMillis();
          seen.last = row.lastMillis();
          seen.example = row.example();
          seen.dead = row.jobs();
          text.put(group.toString(), seen.toString());
        });
    return text;
  }
}
