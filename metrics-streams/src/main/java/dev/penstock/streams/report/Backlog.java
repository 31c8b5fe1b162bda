package dev.penstock.streams.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.penstock.job.JobState;
import dev.penstock.streams.figures.Figures;
import dev.penstock.streams.figures.JobCounts;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The jobs that are to be done: queued, running, and waiting for a retry. Those that are scheduled
 * for later are not among them.
 *
 * @param jobs how many
 * @param workMillis how long calls take for all of them, by the mean of what jobs of their model
 *     and kind took lately; those of which nothing is known count as nothing
 * @param drainMillis how long it takes until they are done at the rate of the last five minutes;
 *     null where nothing ended in these
 * @param oldestMillis how long the job waits that is queued longest, or null where none is
 * @param by the largest parts
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Backlog(
    long jobs,
    long workMillis,
    @Nullable Long drainMillis,
    @Nullable Long oldestMillis,
    List<Part> by) {
  /** How many parts are told; the others are added up under {@link #OTHER}. */
  static final int MAX_PARTS = 20;

  static final String OTHER = "other";

  /** Over which mean times are taken, when something ended in it; else all that is known. */
  private static final Duration RECENT = Duration.ofMinutes(15);

  private static final Duration RATE = Duration.ofMinutes(5);

  private static final Set<String> OPEN =
      Set.of(JobState.QUEUED.wireName(), JobState.RUNNING.wireName(), JobState.WAITING.wireName());

  /** The jobs of a model and kind. */
  record Part(String model, String kind, long jobs, long workMillis) {}

  /**
   * The backlog.
   *
   * @param counts the jobs that there are
   * @param minutes windows of a minute by model and kind
   */
  static Backlog of(
      JobCounts counts, Map<List<String>, NavigableMap<Long, Figures>> minutes, Instant now) {
    var jobs =
        new TreeMap<List<String>, Long>(Comparator.comparing(labels -> String.join("\n", labels)));
    counts
        .jobs()
        .forEach((place, count) -> {
          if (OPEN.contains(place.state())) {
            jobs.merge(List.of(place.model(), place.kind()), count, Long::sum);
          }
        });
    List<Part> parts =
        jobs.entrySet().stream()
            .map(each -> part(each.getKey(), each.getValue(), minutes, now))
            .sorted(Comparator.comparingLong(Part::jobs).reversed())
            .toList();
    long all = parts.stream().mapToLong(Part::jobs).sum();
    long work = parts.stream().mapToLong(Part::workMillis).sum();
    return new Backlog(all, work, drain(all, minutes, now), oldest(counts, now), bounded(parts));
  }

  Backlog withoutAge() {
    return new Backlog(jobs, workMillis, drainMillis, oldestMillis == null ? null : 0L, by);
  }

  private static List<Part> bounded(List<Part> parts) {
    if (parts.size() <= MAX_PARTS) {
      return parts;
    }
    var told = new java.util.ArrayList<>(parts.subList(0, MAX_PARTS));
    List<Part> others = parts.subList(MAX_PARTS, parts.size());
    told.add(
        new Part(
            OTHER,
            OTHER,
            others.stream().mapToLong(Part::jobs).sum(),
            others.stream().mapToLong(Part::workMillis).sum()));
    return List.copyOf(told);
  }

  private static Part part(
      List<String> labels,
      long jobs,
      Map<List<String>, NavigableMap<Long, Figures>> minutes,
      Instant now) {
    NavigableMap<Long, Figures> own = minutes.get(labels);
    double mean = 0;
    if (own != null) {
      Double recent = meanMillis(own.tailMap(now.minus(RECENT).toEpochMilli(), true));
      Double known = recent == null ? meanMillis(own) : recent;
      mean = known == null ? 0 : known;
    }
    return new Part(
        labels.getFirst(), labels.getLast(), jobs, Math.round(Math.max(0, jobs) * mean));
  }

  /** How long the calls of one job take, retries included; null where no job ended. */
  private static @Nullable Double meanMillis(NavigableMap<Long, Figures> windows) {
    long micros = 0;
    long ended = 0;
    for (Figures each : windows.values()) {
      micros += each.providerLatency().sumMicros();
      ended += each.finished();
    }
    return ended <= 0 ? null : Double.valueOf(micros / 1_000.0 / ended);
  }

  private static @Nullable Long drain(
      long jobs, Map<List<String>, NavigableMap<Long, Figures>> minutes, Instant now) {
    if (jobs <= 0) {
      return 0L;
    }
    long from = now.minus(RATE).toEpochMilli();
    long ended = 0;
    for (NavigableMap<Long, Figures> each : minutes.values()) {
      for (Figures figures : each.tailMap(from, true).values()) {
        ended += figures.finished();
      }
    }
    return ended <= 0 ? null : Long.valueOf(Math.round(jobs * (double) RATE.toMillis() / ended));
  }

  private static @Nullable Long oldest(JobCounts counts, Instant now) {
    long second = counts.oldestQueuedSecond();
    return second == JobCounts.NONE
        ? null
        : Long.valueOf(Math.max(0, now.toEpochMilli() - second * 1_000));
  }
}
