package dev.penstock.standalone;

import dev.penstock.cli.Terminal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What is told when everything runs. */
final class Announcement {
  private Announcement() {}

  static void print(
      Terminal terminal,
      Standalone.Addresses at,
      StartupTimes times,
      Duration took,
      boolean verbose) {
    terminal
        .out()
        .println(
            terminal.bold("Penstock runs")
                + String.format(Locale.ROOT, ", ready after %s", StartupTimes.seconds(took)));
    addresses(terminal, at).forEach(terminal.out()::println);
    if (verbose) {
      terminal.out().println("  start-up   " + times.describe());
    }
    terminal.out().flush();
  }

  static List<String> addresses(Terminal terminal, Standalone.Addresses at) {
    return List.of(
        line(terminal, "dashboard", at.streams() + "/"),
        line(terminal, "API", at.api() + "/v1/jobs"),
        line(terminal, "docs", at.api() + "/docs"),
        line(terminal, "ready?", at.api() + "/readyz"),
        line(terminal, "metrics", at.api() + "/metrics  (intake)"),
        line(terminal, "", at.worker() + "/metrics  (worker)"),
        line(terminal, "", at.streams() + "/metrics  (views)"),
        line(terminal, "", at.replayer() + "/metrics  (replayer)"),
        line(terminal, "Kafka", at.bootstrap()),
        line(terminal, "data", at.data().toString()));
  }

  private static String line(Terminal terminal, String name, String value) {
    return "  " + terminal.faint(String.format(Locale.ROOT, "%-10s", name)) + " " + value;
  }
}
