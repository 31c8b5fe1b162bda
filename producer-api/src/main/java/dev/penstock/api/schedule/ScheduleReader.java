package dev.penstock.api.schedule;

import dev.penstock.api.cron.FireTimes;
import dev.penstock.submission.Contract;
import dev.penstock.submission.Submission;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.submission.problem.Violation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads schedules, or tells all that is wrong with them. Thread-safe. */
final class ScheduleReader {
  /** How many fire times are looked at to find out how close they come. */
  private static final int LOOKED_AT = 1_000;

  private static final Duration LOOKED_AHEAD = Duration.ofDays(800);

  private static final Set<String> ZONES = new TreeSet<>(ZoneId.getAvailableZoneIds());

  private static final ZoneId UTC = ZoneId.of("UTC");

  private final Contract contract;
  private final SubmissionReader jobs;
  private final InstantSource clock;
  private final Duration minInterval;

  /**
   * @param minInterval the shortest time between two firings of a schedule that is taken
   */
  ScheduleReader(Contract contract, InstantSource clock, Duration minInterval) {
    this.contract = contract;
    this.jobs = new SubmissionReader(contract, clock);
    this.clock = clock;
    this.minInterval = minInterval;
  }

  /**
   * The schedule in a request's body.
   *
   * @throws ProblemException with everything that is wrong with it
   */
  ScheduleRequest admit(byte[] body) {
    var violations = new ArrayList<Violation>();
    Optional<ScheduleRequest> request = read(SubmissionReader.tree(body), violations);
    request.ifPresent(schedule -> beyondReading(schedule, violations));
    if (request.isEmpty() || !violations.isEmpty()) {
      throw new ProblemException(Problem.invalid(ProblemType.INVALID_SCHEDULE, violations));
    }
    return request.get();
  }

  /**
   * A schedule that was admitted before.
   *
   * @param violations takes what is wrong with it in this version; then there is nothing
   */
  Optional<ScheduleRequest> read(JsonNode tree, List<Violation> violations) {
    contract.checkSchedule(tree).stream()
        // Those of the job are told in the words that it would be refused with by itself.
        .filter(violation -> !violation.pointer().startsWith("/job/"))
        .forEach(violations::add);
    ZoneId zone = zone(tree.path("timeZone"), violations);
    FireTimes times = times(tree.path("cron"), zone, violations);
    Duration misfireAfter = misfireAfter(tree.path("misfireAfter"), violations);
    Instant start = instant(tree, "start", violations);
    Instant end = instant(tree, "end", violations);
    if (start != null && end != null && !start.isBefore(end)) {
      violations.add(new Violation("/start", "must be before end"));
    }
    Submission.Valid job = job(tree.path("job"), violations);
    if (!violations.isEmpty() || job == null || times == null) {
      return Optional.empty();
    }
    return Optional.of(
        new ScheduleRequest(
            tree.path("cron").asString("").strip(),
            zone,
            times,
            job.request(),
            Misfire.of(tree.path("misfire").asString(Misfire.FIRE_ONCE.wireName())),
            misfireAfter,
            tree.path("misfireLimit").asInt(ScheduleRequest.DEFAULT_MISFIRE_LIMIT),
            Overlap.of(tree.path("overlap").asString(Overlap.ALLOW.wireName())),
            start,
            end,
            tree.path("paused").asBoolean(false)));
  }

  private static ZoneId zone(JsonNode name, List<Violation> violations) {
    if (!name.isString()) {
      return UTC;
    }
    if (!ZONES.contains(name.stringValue())) {
      violations.add(
          new Violation(
              "/timeZone", "must be a name of the IANA time zone database, such as Europe/Berlin"));
      return UTC;
    }
    return ZoneId.of(name.stringValue());
  }

  private static @Nullable FireTimes times(JsonNode cron, ZoneId zone, List<Violation> violations) {
    if (!cron.isString() || cron.stringValue().length() > FireTimes.MAX_CHARS) {
      return null;
    }
    try {
      return FireTimes.of(cron.stringValue(), zone);
    } catch (IllegalArgumentException e) {
      violations.add(new Violation("/cron", "is no cron expression: " + e.getMessage()));
      return null;
    }
  }

  private static Duration misfireAfter(JsonNode spelled, List<Violation> violations) {
    Duration after =
        spelled.isString()
            ? SubmissionReader.delay(spelled.stringValue())
            : ScheduleRequest.DEFAULT_MISFIRE_AFTER;
    if (after == null || after.compareTo(ScheduleRequest.MAX_MISFIRE_AFTER) > 0) {
      violations.add(new Violation("/misfireAfter", "must be at most a day"));
      return ScheduleRequest.DEFAULT_MISFIRE_AFTER;
    }
    return after;
  }

  private static @Nullable Instant instant(JsonNode tree, String name, List<Violation> violations) {
    JsonNode node = tree.path(name);
    Instant instant = node.isString() ? SubmissionReader.instant(node.stringValue()) : null;
    if (node.isString() && instant == null) {
      violations.add(new Violation("/" + name, "must be a date that the calendar has"));
    }
    return instant;
  }

  private Submission.@Nullable Valid job(JsonNode job, List<Violation> violations) {
    if (!job.isObject()) {
      return null;
    }
    var refused = new HashSet<String>();
    for (String once : List.of("runAt", "expireAt")) {
      if (job.has(once)) {
        refused.add("/" + once);
        violations.add(
            new Violation(
                "/job/" + once, "can't stand in a schedule: it would be the same for all"));
      }
    }
    return switch (jobs.readJob(job)) {
      case Submission.Valid valid -> valid;
      case Submission.Refused(Problem problem) -> {
        for (Violation violation : problem.violations()) {
          if (!refused.contains(violation.pointer())) {
            violations.add(new Violation("/job" + violation.pointer(), violation.message()));
          }
        }
        yield null;
      }
    };
  }

  /** What holds for new schedules only. */
  private void beyondReading(ScheduleRequest schedule, List<Violation> violations) {
    Instant first = schedule.next(clock.instant());
    if (first == null) {
      violations.add(new Violation("/cron", "never fires, or not before end"));
      return;
    }
    List<Instant> times =
        schedule.times().oldest(first.minusNanos(1), first.plus(LOOKED_AHEAD), LOOKED_AT);
    for (int i = 1; i < times.size(); i++) {
      if (Duration.between(times.get(i - 1), times.get(i)).compareTo(minInterval) < 0) {
        violations.add(
            new Violation(
                "/cron", "fires more often than every " + minInterval.toSeconds() + " s"));
        return;
      }
    }
  }
}
