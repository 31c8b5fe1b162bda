package dev.penstock.streams.report;

import dev.penstock.streams.figures.Figures;
import dev.penstock.streams.figures.Figures.Count;
import dev.penstock.streams.report.Attention.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/** What the figures of the last hour say that someone has to look after. */
final class FigureAttention implements AttentionSource {
  /** What happened lately is held against what happened before in the hour. */
  private static final Duration LATELY = Duration.ofMinutes(10);

  private static final int BEFORE_PARTS = 5;

  /** Fewer dead letters than these are not called rising. */
  private static final long MIN_DEAD = 5;

  /** Of fewer jobs than these no rate is told. */
  private static final long MIN_ENDED = 20;

  private static final double FALLEN = 0.9;
  private static final double LOW = 0.5;

  /** By so many jobs the backlog has grown at least, and by this part of what came. */
  private static final long MIN_GROWTH = 100;

  private static final double GROWTH = 0.1;

  /** What is queued for so long is told of. */
  private static final Duration OLD = Duration.ofHours(1);

  private final Figures lately = new Figures();
  private final Figures before = new Figures();
  private final Backlog backlog;
  private final boolean partial;

  FigureAttention(
      Map<List<String>, NavigableMap<Long, Figures>> minutes,
      Backlog backlog,
      boolean partial,
      Instant now) {
    this.backlog = backlog;
    this.partial = partial;
    long from = now.minus(LATELY).toEpochMilli();
    for (NavigableMap<Long, Figures> windows : minutes.values()) {
      windows.headMap(from, false).values().forEach(before::add);
      windows.tailMap(from, true).values().forEach(lately::add);
    }
  }

  /** The part that succeeded of the jobs that ended otherwise than cancelled; null for none. */
  static @Nullable Double successRate(Figures figures) {
    long ended = figures.finished() - figures.count(Count.CANCELLED);
    return ended <= 0 ? null : Double.valueOf((double) figures.count(Count.SUCCEEDED) / ended);
  }

  @Override
  public List<Attention> now() {
    var all = new ArrayList<Attention>();
    if (partial) {
      all.add(
          new Attention(
              "view_incomplete",
              Severity.WARNING,
              "Some figures are missing",
              "Partitions of the views are being restored or moved, or an instance does not answer."
                  + " They come back by themselves; if not, look at /readyz of each instance.",
              "/#/topics"));
    }
    deadLetters(all);
    successes(all);
    growth(all);
    age(all);
    return all;
  }

  private void deadLetters(List<Attention> all) {
    long now = lately.count(Count.DEAD_LETTERED);
    double usual = before.count(Count.DEAD_LETTERED) / (double) BEFORE_PARTS;
    if (now < MIN_DEAD || now <= 2 * usual) {
      return;
    }
    all.add(
        new Attention(
            "dead_letters_rising",
            now * 2 > lately.finished() ? Severity.CRITICAL : Severity.WARNING,
            now + " dead letters in 10 minutes",
            (usual == 0
                    ? "There were none in the 50 minutes before."
                    : String.format(
                        Locale.ROOT, "In the 50 minutes before there were %.1f in ten.", usual))
                + " Look at the groups of failures for what they have in common.",
            "/#/dead-letters"));
  }

  private void successes(List<Attention> all) {
    Double now = successRate(lately);
    Double usual = successRate(before);
    if (now == null || lately.finished() < MIN_ENDED) {
      return;
    }
    if (now < LOW || (usual != null && before.finished() >= MIN_ENDED && now < FALLEN * usual)) {
      all.add(
          new Attention(
              "success_rate_fallen",
              now < LOW ? Severity.CRITICAL : Severity.WARNING,
              String.format(Locale.ROOT, "%.0f %% of jobs succeed", 100 * now),
              usual == null
                  ? "Of the jobs that ended within ten minutes. Look at the failures by code."
                  : String.format(
                      Locale.ROOT,
                      "Of the jobs that ended within ten minutes; it was %.0f %% in the 50 minutes"
                          + " before. Look at the failures by code.",
                      100 * usual),
              "/#/jobs?state=dead-lettered"));
    }
  }

  /** By what the mean of calls says it should be long done, or not: that a person decides. */
  private void age(List<Attention> all) {
    Long oldest = backlog.oldestMillis();
    if (oldest == null || oldest < OLD.toMillis()) {
      return;
    }
    // In whole hours, so that it does not change each second.
    long hours = Duration.ofMillis(oldest).toHours();
    all.add(
        new Attention(
            "job_waits_long",
            Severity.WARNING,
            "A job has been queued for " + (hours == 1 ? "1 hour" : hours + " hours"),
            (backlog.jobs() == 1 ? "1 job waits" : backlog.jobs() + " jobs wait")
                + " or run in all. Look at the oldest: a blocked ordering key, a limit, a breaker"
                + " or a spent budget may hold it, or there are too few workers.",
            "/#/jobs?state=queued&sort=acceptedAt"));
  }

  private void growth(List<Attention> all) {
    long came = lately.count(Count.ACCEPTED);
    long growth = came - lately.finished();
    if (growth < MIN_GROWTH || growth < GROWTH * came || backlog.jobs() < growth) {
      return;
    }
    all.add(
        new Attention(
            "backlog_growing",
            Severity.WARNING,
            "The backlog has grown by " + growth + " jobs in 10 minutes",
            came
                + " came and "
                + lately.finished()
                + " ended. Look whether a provider's limit or breaker holds them, or start more"
                + " workers.",
            "/#/jobs?state=queued"));
  }
}
