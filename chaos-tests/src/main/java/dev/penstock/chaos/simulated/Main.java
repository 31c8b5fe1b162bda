package dev.penstock.chaos.simulated;

import dev.penstock.chaos.law.Violation;
import dev.penstock.codec.Json;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock simulate}. */
@Command(
    name = "penstock simulate",
    description = {
      "Runs the worker's and the replayer's real code in simulation, on a Kafka, a clock and a"
          + " provider in memory, under faults that follow from a seed, and judges each run by the"
          + " laws of the design.",
      "Ends with 0 when every law held and every planted bug was caught, and with 1 otherwise."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true)
public final class Main implements Callable<Integer> {
  private static final int SHOWN = 3;

  @Option(names = "--seeds", paramLabel = "N", description = "how many seeds to run (1000)")
  private int seeds = 1_000;

  @Option(names = "--from", paramLabel = "S", description = "the first seed (0)")
  private long from;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "how many runs go on at once (one for each processor)")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--planted",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "whether the planted bugs are hunted afterwards (yes)")
  private boolean planted = true;

  @Option(
      names = "--bug",
      paramLabel = "NAME",
      description = "plants this bug into the runs instead: shows what a violation looks like")
  private PlantedBug bug = PlantedBug.NONE;

  @Option(names = "--json", description = "the last line is one JSON object")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  private Main() {}

  /** Ends the process: 0 when all is lawful, 1 when not, 2 for usage. */
  public static void main(String[] args) {
    if (System.getenv("PENSTOCK_LOG_LEVEL") == null) {
      // What the workers log tells of the faults that they are given.
      System.setProperty("PENSTOCK_LOG_LEVEL", "OFF");
    }
    System.exit(
        run(
            args,
            new PrintWriter(System.out, true, System.out.charset()),
            new PrintWriter(System.err, true, System.err.charset())));
  }

  static int run(String[] args, PrintWriter out, PrintWriter err) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .execute(args);
  }

  @Override
  public Integer call() {
    CommandLine line = java.util.Objects.requireNonNull(spec).commandLine();
    if (seeds < 1 || threads < 1) {
      throw new CommandLine.ParameterException(line, "--seeds and --threads are at least 1");
    }
    if (from > Long.MAX_VALUE - seeds) {
      throw new CommandLine.ParameterException(
          line, "--from and --seeds together go beyond the last seed, " + (Long.MAX_VALUE - 1));
    }
    PrintWriter err = line.getErr();
    long begin = System.nanoTime();
    Campaign.Report report =
        new Campaign(bug, Scenario.Size.FULL, threads)
            .run(
                from,
                seeds,
                done -> {
                  if (done % Math.max(1, seeds / 10) == 0) {
                    err.println(done + " of " + seeds + " seeds");
                  }
                });
    report.unlawful().stream().limit(SHOWN).forEach(result -> show(result, err));
    var caught = new ArrayList<Hunt.Catch>();
    var missed = new ArrayList<String>();
    if (planted && bug == PlantedBug.NONE) {
      Arrays.stream(PlantedBug.values())
          .filter(each -> each != PlantedBug.NONE)
          .forEach(each ->
              Hunt.hunt(each)
                  .ifPresentOrElse(
                      found -> {
                        caught.add(found);
                        err.println(found);
                      },
                      () -> {
                        missed.add(each.name());
                        err.println(each + " (rule " + each.rule() + "): MISSED");
                      }));
    }
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    Map<String, Object> summary = summary(report, caught, missed, took);
    line.getOut().println(json ? Json.MAPPER.writeValueAsString(summary) : text(summary));
    return report.broken() == 0 && missed.isEmpty() ? 0 : 1;
  }

  private static void show(Simulation.Result result, PrintWriter err) {
    err.println("seed " + result.scenario().seed() + ": " + result.scenario());
    for (Violation violation : result.violations().stream().limit(SHOWN).toList()) {
      err.println(violation);
    }
  }

  private Map<String, Object> summary(
      Campaign.Report report, List<Hunt.Catch> caught, List<String> missed, Duration took) {
    var summary = new LinkedHashMap<String, Object>();
    summary.put("seeds", report.seeds());
    summary.put("from", from);
    summary.put("violations", report.broken());
    summary.put(
        "violatedSeeds",
        report.unlawful().stream().map(result -> result.scenario().seed()).toList());
    summary.put("plantedCaught", caught.size());
    summary.put("plantedMissed", missed.size());
    summary.put("missed", missed);
    summary.put("jobs", report.jobs());
    summary.put("calls", report.calls());
    summary.put("replays", report.replays());
    summary.put("steps", report.steps());
    summary.put("simulatedSeconds", report.simulated().toSeconds());
    summary.put("seconds", took.toMillis() / 1_000.0);
    return summary;
  }

  private static String text(Map<String, Object> summary) {
    var lines = new ArrayList<String>();
    summary.forEach((name, value) -> lines.add(name + ": " + value));
    return String.join("\n", lines);
  }
}
