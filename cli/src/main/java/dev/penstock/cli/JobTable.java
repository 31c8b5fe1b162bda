package dev.penstock.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Jobs as the rows of a table, as wide as the terminal. */
final class JobTable {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MM-dd HH:mm:ss", Locale.ROOT);
  private static final String ROW = "%-36s  %s  %-14s  %-15s  %-14s  %3s  %9s  %s";
  private static final int STATE_COLUMNS = 13;

  /** All columns but the last. */
  private static final int FIXED_COLUMNS = 36 + STATE_COLUMNS + 14 + 15 + 14 + 3 + 9 + 14;

  private static final int LEAST_TEXT_COLUMNS = 20;

  private final Terminal terminal;
  private final JobText text;

  JobTable(Terminal terminal) {
    this.terminal = terminal;
    this.text = JobText.of(terminal);
  }

  String head() {
    return terminal.bold(
        String.format(
                Locale.ROOT,
                ROW,
                "JOB",
                padded("STATE"),
                "ACCEPTED",
                "KIND",
                "MODEL",
                "ATT",
                "TOOK",
                "TEXT")
            .stripTrailing());
  }

  /** A JobSummary. */
  String line(JsonNode job) {
    String state = job.path("state").asString("");
    String code = job.path("code").asString("");
    String words =
        code.isEmpty()
            ? job.path("excerpt").asString("")
            : code + ": " + job.path("message").asString("");
    if (job.path("cancelRequested").asBoolean(false)) {
      words = "cancel requested; " + words;
    }
    int columns = Math.max(LEAST_TEXT_COLUMNS, terminal.columns() - FIXED_COLUMNS);
    return String.format(
            Locale.ROOT,
            ROW,
            job.path("id").asString(""),
            text.colored(state) + " ".repeat(Math.max(0, STATE_COLUMNS - state.length())),
            time(job.path("acceptedAt").asString("")),
            cut(job.path("kind").asString(""), 15),
            cut(job.path("model").asString(""), 14),
            job.path("attempts").asString(""),
            took(job.path("durationMillis")),
            cut(words, columns))
        .stripTrailing();
  }

  /** The values of facets, and how many jobs have each. */
  List<String> facets(JsonNode facets) {
    var lines = new ArrayList<String>();
    facets
        .properties()
        .forEach(facet -> {
          lines.add(terminal.bold(facet.getKey()));
          for (JsonNode value : facet.getValue()) {
            lines.add(
                String.format(
                    Locale.ROOT,
                    "%,12d  %s",
                    value.path("count").asLong(0),
                    cut(value.path("value").asString(""), terminal.columns())));
          }
        });
    return lines;
  }

  private static String padded(String head) {
    return head + " ".repeat(STATE_COLUMNS - head.length());
  }

  private static String took(JsonNode millis) {
    return millis.isIntegralNumber()
        ? Durations.describe(Duration.ofMillis(millis.longValue()))
        : "";
  }

  private static String time(String instant) {
    try {
      return TIME.format(Instant.parse(instant).atZone(ZoneId.systemDefault()));
    } catch (DateTimeException _) {
      // A newer server's; shown as it is.
      return cut(instant, 14);
    }
  }

  /** One line that no text can break out of, of at most so many characters. */
  static String cut(String words, int columns) {
    String line = JobText.shown(words).replaceAll("\\s+", " ").strip();
    return line.length() <= columns ? line : line.substring(0, columns - 1) + "…";
  }
}
