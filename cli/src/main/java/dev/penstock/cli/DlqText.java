package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Dead letters and plans as text for people; no text of others can break out of its line. */
final class DlqText {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MM-dd HH:mm:ss", Locale.ROOT);
  private static final String ROW = "%-14s  %-36s  %-10s  %-14s  %-18s  %3s  %3s  %s";
  private static final int FIXED_COLUMNS = 14 + 36 + 10 + 14 + 18 + 3 + 3 + 14;
  private static final int LEAST_TEXT_COLUMNS = 20;
  private static final int MAX_MESSAGE_COLUMNS = 1_000;
  private static final int MAX_VALUE_COLUMNS = 300;

  private final Terminal terminal;

  DlqText(Terminal terminal) {
    this.terminal = terminal;
  }

  String head() {
    return terminal.bold(
        String.format(
            Locale.ROOT, ROW, "LETTER", "JOB", "STANDING", "AT", "MODEL", "GEN", "ATT", "FAILURE"));
  }

  /** A DeadLetterSummary. */
  String line(JsonNode letter) {
    String code = text(letter, "code");
    String failure =
        (code.isEmpty() ? text(letter, "type") : code) + ": " + text(letter, "message");
    int columns = Math.max(LEAST_TEXT_COLUMNS, terminal.columns() - FIXED_COLUMNS);
    return String.format(
            Locale.ROOT,
            ROW,
            text(letter, "letter"),
            text(letter, "jobId"),
            text(letter, "standing"),
            time(text(letter, "at")),
            cut(text(letter, "model"), 18),
            text(letter, "generation"),
            text(letter, "attempts"),
            cut(failure, columns))
        .stripTrailing();
  }

  List<String> groups(JsonNode answer) {
    var lines = new ArrayList<String>();
    String by = text(answer, "by");
    boolean fingerprints = by.equals("fingerprint");
    var table =
        fingerprints
            ? new TextTable("COUNT", "FINGERPRINT", "CODE", "PROVIDER", "MODEL", "LAST", "MESSAGE")
            : new TextTable("COUNT", by.toUpperCase(Locale.ROOT));
    for (JsonNode group : answer.path("groups")) {
      String count = number(group.path("count").asLong(0));
      if (fingerprints) {
        table.row(
            count,
            text(group, "value"),
            text(group, "code"),
            cut(text(group, "provider"), 24),
            cut(text(group, "model"), 32),
            time(text(group, "lastAt")),
            cut(text(group, "message"), 100));
      } else {
        table.row(count, cut(text(group, "value"), 100));
      }
    }
    if (!answer.path("groups").isEmpty()) {
      lines.addAll(table.lines());
    }
    long other = answer.path("other").asLong(0);
    if (other > 0) {
      lines.add(number(other) + " more are of groups that are not told one by one");
    }
    lines.add(
        terminal.faint(
            number(answer.path("matched").asLong(0))
                + " of "
                + number(answer.path("scanned").asLong(0))
                + " dead letters match"
                + (answer.path("complete").asBoolean(true)
                    ? ""
                    : "; not all were looked at in the time that a request has")));
    return lines;
  }

  /** Everything of one. */
  List<String> letter(JsonNode letter) {
    var lines = new ArrayList<String>();
    lines.add(
        terminal.bold("dead letter " + text(letter, "letter"))
            + ", "
            + text(letter, "type")
            + ", "
            + text(letter, "standing"));
    lines.addAll(
        Json.MAPPER
            .writerWithDefaultPrettyPrinter()
            .writeValueAsString(letter)
            .lines()
            .map(JobText::shown)
            .toList());
    return lines;
  }

  List<String> plans(List<JsonNode> plans) {
    var table =
        new TextTable("ID", "STATE", "CREATED", "DOES", "SELECTED", "DECIDED", "OPEN", "NAME");
    for (JsonNode plan : plans) {
      JsonNode progress = plan.path("progress");
      table.row(
          text(plan, "id"),
          text(plan, "state"),
          time(text(plan, "createdAt")),
          text(plan, "action"),
          number(selected(plan)),
          number(progress.path("decided").asLong(0)),
          number(progress.path("open").asLong(0)),
          cut(text(plan, "name"), 60));
    }
    return table.lines();
  }

  private static long selected(JsonNode plan) {
    JsonNode selected = plan.path("selected");
    return selected.path("canary").asLong(0) + selected.path("rest").asLong(0);
  }

  /** A plan, its preview, and what can be asked of it next. */
  List<String> plan(JsonNode plan) {
    var lines = new ArrayList<String>();
    String id = text(plan, "id");
    String state = text(plan, "state");
    String name = cut(text(plan, "name"), MAX_VALUE_COLUMNS);
    lines.add(
        terminal.bold("plan " + id)
            + (name.equals(id) ? "" : " \"" + name + "\"")
            + ": "
            + colored(state)
            + ", version "
            + text(plan, "version"));
    String note = text(plan, "note");
    if (!note.isEmpty()) {
      lines.add("  " + cut(note, MAX_MESSAGE_COLUMNS));
    }
    if (plan.path("preview").isObject() && state.equals("draft")) {
      preview(plan, plan.path("preview"), lines);
    }
    JsonNode progress = plan.path("progress");
    if (!state.equals("draft") && !state.equals("selecting")) {
      lines.add("  " + progress(plan));
      refused(progress, lines);
    }
    String next = next(id, state, text(plan, "version"));
    if (!next.isEmpty()) {
      lines.add(terminal.faint(next));
    }
    return lines;
  }

  private static String next(String id, String state, String version) {
    return switch (state) {
      case "draft" ->
          "nothing has happened yet; begin with: penstock dlq confirm "
              + id
              + " --version "
              + version;
      case "running", "selecting" -> "follow it with: penstock dlq status " + id + " --watch";
      case "canary-report" ->
          "the canary has ended; penstock dlq go-on " + id + ", or abort, or undo";
      case "paused" -> "penstock dlq resume " + id + ", or abort, or undo";
      default -> "";
    };
  }

  private void preview(JsonNode plan, JsonNode preview, List<String> lines) {
    String does =
        switch (text(plan, "action")) {
          case "discard" -> "gives up";
          case "purge" -> "purges";
          default -> "replays";
        };
    lines.add(
        "  "
            + does
            + " "
            + number(preview.path("selected").asLong(0))
            + " of "
            + number(preview.path("matched").asLong(0))
            + " dead letters that match ("
            + number(preview.path("scanned").asLong(0))
            + " looked at)"
            + canary(plan, preview));
    for (JsonNode refused : preview.path("refused")) {
      String detail = text(refused, "detail");
      lines.add(
          "  left out: "
              + number(refused.path("count").asLong(0))
              + " "
              + text(refused, "reason")
              + (detail.isEmpty() ? "" : " (" + cut(detail, MAX_VALUE_COLUMNS) + ")")
              + examples(refused.path("examples")));
    }
    expected(preview.path("expected"), lines);
    for (Map.Entry<String, JsonNode> by : preview.path("by").properties()) {
      lines.add(
          String.format(Locale.ROOT, "  %-9s ", by.getKey())
              + by.getValue()
                  .valueStream()
                  .map(each ->
                      cut(text(each, "value"), 60) + " " + number(each.path("count").asLong(0)))
                  .collect(Collectors.joining(", ")));
    }
    for (JsonNode example : preview.path("examples")) {
      if (!example.path("diff").isEmpty()) {
        lines.add(
            "  example " + text(example, "letter") + " (job " + text(example, "jobId") + "):");
        for (JsonNode change : example.path("diff")) {
          lines.add("    " + change(change));
        }
      }
    }
  }

  private static String canary(JsonNode plan, JsonNode preview) {
    long first = preview.path("canary").asLong(0);
    if (first == 0) {
      return "";
    }
    JsonNode canary = plan.path("canary");
    return "; "
        + number(first)
        + " of them first, then "
        + (text(canary, "then").equals("go-on")
            ? "the rest where "
                + share(canary.path("minSucceeded").asDouble(1))
                + " of them succeeded"
            : "it stops and reports");
  }

  private static String share(double share) {
    return BigDecimal.valueOf(share * 100).stripTrailingZeros().toPlainString() + "%";
  }

  private static String examples(JsonNode examples) {
    return examples.isEmpty()
        ? ""
        : ", such as "
            + examples
                .valueStream()
                .map(each -> each.asString(""))
                .collect(Collectors.joining(", "));
  }

  private static void expected(JsonNode expected, List<String> lines) {
    if (!expected.isObject()) {
      return;
    }
    var parts = new ArrayList<String>();
    parts.add(number(expected.path("calls").asLong(0)) + " calls");
    if (expected.path("costNanos").isIntegralNumber()) {
      parts.add(
          "about "
              + amount(expected.path("costNanos").longValue())
              + " "
              + text(expected, "currency"));
    }
    if (expected.path("seconds").isNumber()) {
      parts.add(
          "about "
              + Durations.describe(
                  Duration.ofMillis((long) (expected.path("seconds").doubleValue() * 1_000))));
    }
    String basis = cut(text(expected, "basis"), MAX_VALUE_COLUMNS);
    lines.add(
        "  expected: " + String.join(", ", parts) + (basis.isEmpty() ? "" : " (" + basis + ")"));
  }

  private static String amount(long nanos) {
    return BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString();
  }

  private static String change(JsonNode change) {
    String path = cut(text(change, "path"), 200);
    JsonNode before = change.path("old");
    String value = cut(change.path("value").toString(), MAX_VALUE_COLUMNS);
    return switch (text(change, "op")) {
      case "add" -> "+ " + path + " " + value;
      case "remove" -> "- " + path;
      default ->
          "~ "
              + path
              + (before.isMissingNode() ? "" : " " + cut(before.toString(), MAX_VALUE_COLUMNS))
              + " -> "
              + value;
    };
  }

  /** How far it has come, on one line. */
  String progress(JsonNode plan) {
    JsonNode progress = plan.path("progress");
    var parts = new ArrayList<String>();
    parts.add(
        number(progress.path("decided").asLong(0)) + " of " + number(selected(plan)) + " decided");
    part(parts, progress, "replayed", "replayed");
    part(parts, progress, "open", "under way");
    part(parts, progress, "succeeded", "succeeded");
    part(parts, progress, "deadLettered", "dead-lettered again");
    part(parts, progress, "cancelled", "cancelled");
    part(parts, progress, "expired", "expired");
    part(parts, progress, "unknown", "with an end that is not kept");
    part(parts, progress, "discarded", "discarded");
    part(parts, progress, "purged", "purged");
    return text(plan, "state") + ": " + String.join(", ", parts);
  }

  private static void part(List<String> parts, JsonNode progress, String name, String words) {
    long count = progress.path(name).asLong(0);
    if (count > 0) {
      parts.add(number(count) + " " + words);
    }
  }

  private static void refused(JsonNode progress, List<String> lines) {
    for (Map.Entry<String, JsonNode> reason : progress.path("refused").properties()) {
      lines.add(
          "  other than in the preview: "
              + number(reason.getValue().asLong(0))
              + " left as they are, "
              + reason.getKey());
    }
  }

  private String colored(String state) {
    return switch (state) {
      case "done" -> terminal.green(state);
      case "aborted", "aborting" -> terminal.red(state);
      case "paused", "canary-report", "undoing", "undone" -> terminal.yellow(state);
      default -> state;
    };
  }

  String difference(JsonNode difference) {
    String detail = text(difference, "detail");
    return text(difference, "letter")
        + "  "
        + text(difference, "reason")
        + (detail.isEmpty() ? "" : ": " + cut(detail, MAX_MESSAGE_COLUMNS));
  }

  String entry(JsonNode entry) {
    return String.format(
        Locale.ROOT,
        "%6s  %s  %-13s  %s  by %s",
        text(entry, "sequence"),
        time(text(entry, "at")),
        text(entry, "did"),
        text(entry, "plan"),
        cut(text(entry, "who"), 100));
  }

  String verdict(JsonNode verdict) {
    return verdict.path("sound").asBoolean(false)
        ? "the audit holds: "
            + number(verdict.path("entries").asLong(0))
            + " entries; the last hash is "
            + text(verdict, "lastHash")
        : terminal.red("the audit does not hold")
            + ": at offset "
            + text(verdict, "offset")
            + ": "
            + cut(text(verdict, "reason"), MAX_MESSAGE_COLUMNS);
  }

  private static String number(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String text(JsonNode json, String name) {
    return JobText.shown(json.path(name).asString(""));
  }

  private static String time(String instant) {
    try {
      return TIME.format(Instant.parse(instant).atZone(ZoneId.systemDefault()));
    } catch (DateTimeException _) {
      return cut(instant, 14);
    }
  }

  private static String cut(String words, int columns) {
    return JobTable.cut(words, columns);
  }
}
