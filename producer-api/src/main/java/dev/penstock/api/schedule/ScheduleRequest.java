package dev.penstock.api.schedule;

import dev.penstock.api.cron.FireTimes;
import dev.penstock.codec.Json;
import dev.penstock.submission.JobRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a schedule says: a valid body of {@code PUT /v1/schedules/{name}}.
 *
 * @param times those of {@code cron} in {@code zone}
 * @param job what is accepted each time
 * @param misfireAfter how late a time may be before {@code misfire} decides about it
 * @param misfireLimit how many late times fire at most, where all do
 * @param start the first time that may fire, or null
 * @param end from when on it fires no more, or null
 */
record ScheduleRequest(
    String cron,
    ZoneId zone,
    FireTimes times,
    JobRequest job,
    Misfire misfire,
    Duration misfireAfter,
    int misfireLimit,
    Overlap overlap,
    @Nullable Instant start,
    @Nullable Instant end,
    boolean paused) {
  static final Duration DEFAULT_MISFIRE_AFTER = Duration.ofSeconds(60);
  static final Duration MAX_MISFIRE_AFTER = Duration.ofDays(1);
  static final int DEFAULT_MISFIRE_LIMIT = 100;

  /**
   * The body in the one form in which two that mean the same are equal. Defaults are spelled out,
   * so that a change of them changes no schedule that is there.
   */
  ObjectNode json() {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("cron", cron);
    json.put("timeZone", zone.getId());
    json.set("job", Json.MAPPER.readTree(job.canonicalJson()));
    json.put("misfire", misfire.wireName());
    json.put(
        "misfireAfter",
        misfireAfter.toMillisPart() == 0
            ? misfireAfter.toSeconds() + "s"
            : misfireAfter.toMillis() + "ms");
    json.put("misfireLimit", misfireLimit);
    json.put("overlap", overlap.wireName());
    if (start != null) {
      json.put("start", start.toString());
    }
    if (end != null) {
      json.put("end", end.toString());
    }
    json.put("paused", paused);
    return json;
  }

  /** The first time after {@code after} at which it fires, whether it is paused or not, if any. */
  @Nullable Instant next(Instant after) {
    Instant next = times.after(fromStart(after)).orElse(null);
    return next == null || (end != null && !next.isBefore(end)) ? null : next;
  }

  /** {@code after}, but no earlier than just before the start. */
  Instant fromStart(Instant after) {
    return start != null && after.isBefore(start) ? start.minusNanos(1) : after;
  }

  /** {@code until}, but no later than just before the end. */
  Instant toEnd(Instant until) {
    return end != null && !until.isBefore(end) ? end.minusNanos(1) : until;
  }

  /**
   * Whether both have the same times after {@code after} and until {@code until}: they spell them
   * alike, and neither begins or ends in between where the other does not.
   */
  boolean hasTimesOf(ScheduleRequest other, Instant after, Instant until) {
    return cron.equals(other.cron)
        && zone.equals(other.zone)
        && fromStart(after).equals(other.fromStart(after))
        && toEnd(until).equals(other.toEnd(until));
  }

  ScheduleRequest withPaused(boolean now) {
    return new ScheduleRequest(
        cron, zone, times, job, misfire, misfireAfter, misfireLimit, overlap, start, end, now);
  }
}
