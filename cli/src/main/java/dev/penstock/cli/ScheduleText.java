package dev.penstock.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Schedules as text for people. Times are shown in the schedule's own time zone. */
final class ScheduleText {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss xxx", Locale.ROOT);

  private final Terminal terminal;

  private ScheduleText(Terminal terminal) {
    this.terminal = terminal;
  }

  static ScheduleText of(Terminal terminal) {
    return new ScheduleText(terminal);
  }

  /** The schedule on one line. */
  String line(JsonNode schedule) {
    String next =
        schedule.path("paused").asBoolean(false)
            ? terminal.yellow("paused")
            : next(schedule).stream().findFirst().orElse("fires no more");
    return String.format(
        Locale.ROOT,
        "%-24s %-18s %-18s %s",
        schedule.path("name").asString(""),
        schedule.path("cron").asString(""),
        schedule.path("timeZone").asString(""),
        next);
  }

  /** The schedule, field by field. */
  List<String> view(JsonNode schedule) {
    var lines = new ArrayList<String>();
    field(lines, "schedule", terminal.bold(schedule.path("name").asString("")));
    field(lines, "version", schedule.path("version").asString(""));
    field(
        lines,
        "fires",
        schedule.path("cron").asString("") + " in " + schedule.path("timeZone").asString(""));
    if (schedule.path("paused").asBoolean(false)) {
      field(lines, "state", terminal.yellow("paused"));
    }
    JsonNode job = schedule.path("job");
    String model = job.path("model").asString("");
    field(lines, "job", job.path("kind").asString("") + (model.isEmpty() ? "" : " by " + model));
    field(
        lines,
        "misfire",
        schedule.path("misfire").asString("")
            + ", when late by "
            + schedule.path("misfireAfter").asString(""));
    field(lines, "overlap", schedule.path("overlap").asString(""));
    field(lines, "start", time(schedule, schedule.path("start")));
    field(lines, "end", time(schedule, schedule.path("end")));
    field(
        lines,
        "fired",
        schedule.path("fired").asLong(0)
            + ", misfired "
            + schedule.path("misfired").asLong(0)
            + ", overlapped "
            + schedule.path("overlapped").asLong(0));
    JsonNode last = schedule.path("last");
    if (last.isObject()) {
      field(
          lines,
          "last",
          time(schedule, last.path("fireTime")) + "  job " + last.path("jobId").asString(""));
    }
    next(schedule).forEach(time -> field(lines, "next", time));
    return lines;
  }

  private static List<String> next(JsonNode schedule) {
    return schedule.path("nextFireTimes").valueStream().map(t -> time(schedule, t)).toList();
  }

  private static String time(JsonNode schedule, JsonNode time) {
    if (!time.isString()) {
      return "";
    }
    try {
      var zone = ZoneId.of(schedule.path("timeZone").asString("UTC"));
      return TIME.format(Instant.parse(time.stringValue()).atZone(zone));
    } catch (DateTimeException _) {
      // A newer server's; shown as it is.
      return time.stringValue();
    }
  }

  private static void field(List<String> lines, String name, String value) {
    if (!value.isEmpty()) {
      lines.add(String.format(Locale.ROOT, "%-11s %s", name, value));
    }
  }
}
