package dev.penstock.cli;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Experiments as text for people; no text of others can break out of its line. */
final class ExperimentText {
  private static final int MAX_COLUMNS = 300;
  private static final int MAX_OUTPUT_COLUMNS = 500;

  private final Terminal terminal;

  ExperimentText(Terminal terminal) {
    this.terminal = terminal;
  }

  List<String> list(JsonNode experiments) {
    var table = new TextTable("ID", "STATE", "CREATED", "JOBS", "BEGUN", "NAME");
    for (JsonNode each : experiments) {
      table.row(
          text(each, "id", 62),
          text(each, "state", 20),
          text(each, "createdAt", 30),
          text(each, "jobs", 10),
          text(each, "begun", 10),
          text(each, "name", 60));
    }
    return table.lines();
  }

  /** What it would do while it is a draft; the comparison later. */
  List<String> experiment(JsonNode experiment) {
    var lines = new ArrayList<String>();
    String id = text(experiment, "id", 62);
    String state = text(experiment, "state", 20);
    lines.add(
        terminal.bold("experiment " + id)
            + ": "
            + state
            + ", "
            + text(experiment, "jobs", 10)
            + " jobs of tenant "
            + text(experiment, "tenant", 64)
            + ", version "
            + text(experiment, "version", 12));
    String note = text(experiment, "note", MAX_COLUMNS);
    if (!note.isEmpty()) {
      lines.add("  " + note);
    }
    switch (state) {
      case "selecting" -> {}
      case "draft" -> {
        preview(experiment.path("preview"), lines);
        lines.add(
            terminal.faint(
                "nothing is run yet; begin with: penstock experiment confirm "
                    + id
                    + " --version "
                    + text(experiment, "version", 12)));
      }
      default -> {
        comparison(experiment, lines);
        lines.add(
            terminal.faint("see what changed: penstock experiment items " + id + " --different"));
      }
    }
    return lines;
  }

  private static void preview(JsonNode preview, List<String> lines) {
    lines.add(
        "  runs "
            + text(preview, "selected", 12)
            + " of "
            + text(preview, "matched", 12)
            + " jobs that match");
    for (JsonNode refused : preview.path("refused")) {
      lines.add(
          "  left out: "
              + text(refused, "count", 12)
              + " "
              + text(refused, "reason", 40)
              + " ("
              + text(refused, "detail", MAX_COLUMNS)
              + ")");
    }
    JsonNode expected = preview.path("expected");
    lines.add(
        "  expected: "
            + text(expected, "calls", 12)
            + " calls"
            + (expected.path("costNanos").isNumber()
                ? ", about " + money(expected.path("costNanos"))
                : "")
            + (expected.path("seconds").isNumber()
                ? ", about " + text(expected, "seconds", 20) + " s"
                : "")
            + " ("
            + text(expected, "basis", MAX_COLUMNS)
            + ")");
    for (JsonNode example : preview.path("examples")) {
      lines.add("  example " + text(example, "original", 36) + ":");
      for (JsonNode change : example.path("diff")) {
        lines.add(
            "    "
                + text(change, "op", 10)
                + " "
                + text(change, "path", 100)
                + " "
                + text(change, "value", MAX_COLUMNS));
      }
    }
  }

  private static void comparison(JsonNode experiment, List<String> lines) {
    JsonNode told = experiment.path("comparison");
    lines.add(
        "  "
            + text(told, "ended", 12)
            + " of "
            + text(experiment, "jobs", 12)
            + " have ended, "
            + text(told, "open", 12)
            + " are under way");
    told.path("refused")
        .properties()
        .forEach(each ->
            lines.add(
                "  not run: " + each.getValue().asInt(0) + " " + JobText.shown(each.getKey())));
    lines.add(
        "  succeeded both times "
            + text(told, "bothSucceeded", 12)
            + ", only before "
            + text(told, "newlyFailed", 12)
            + ", only now "
            + text(told, "newlySucceeded", 12)
            + ", neither "
            + text(told, "bothFailed", 12));
    lines.add(
        "  same output "
            + text(told, "same", 12)
            + ", another one "
            + text(told, "different", 12)
            + (told.has("similarity") ? ", mean similarity " + text(told, "similarity", 10) : ""));
    JsonNode latency = told.path("latencyMillis");
    if (latency.path("jobs").asInt(0) > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "  latency p50 %s -> %s ms, p95 %s -> %s ms",
              text(latency.path("before"), "p50", 12),
              text(latency.path("after"), "p50", 12),
              text(latency.path("before"), "p95", 12),
              text(latency.path("after"), "p95", 12)));
    }
    JsonNode cost = told.path("costNanos");
    if (cost.path("jobs").asInt(0) > 0) {
      lines.add(
          "  cost of "
              + text(cost, "jobs", 12)
              + " "
              + money(cost.at("/before/sum"))
              + " -> "
              + money(cost.at("/after/sum")));
    }
  }

  /** One item: a line, and both outputs. */
  List<String> item(JsonNode item) {
    var lines = new ArrayList<String>();
    lines.add(
        terminal.bold(text(item, "original", 36))
            + " "
            + text(item.path("before"), "state", 20)
            + " -> "
            + text(item, "state", 20)
            + (item.has("same") ? (item.path("same").asBoolean(false) ? ", same" : ", other") : "")
            + (item.has("similarity") ? " " + text(item, "similarity", 10) : "")
            + (item.has("detail") ? ": " + text(item, "detail", MAX_COLUMNS) : ""));
    for (String name : List.of("before", "after")) {
      JsonNode output = item.path(name).path("output");
      if (!output.isMissingNode()) {
        lines.add(
            String.format(Locale.ROOT, "  %-6s ", name)
                + cut(output.toString(), MAX_OUTPUT_COLUMNS));
      }
    }
    return lines;
  }

  private static String money(JsonNode nanos) {
    return BigDecimal.valueOf(nanos.asLong(0), 9).stripTrailingZeros().toPlainString();
  }

  private static String text(JsonNode json, String name, int columns) {
    JsonNode value = json.path(name);
    return cut(value.isContainer() ? value.toString() : value.asString(""), columns);
  }

  private static String cut(String text, int columns) {
    String shown = JobText.shown(text);
    return shown.length() <= columns ? shown : shown.substring(0, columns - 1) + "…";
  }
}
