package dev.penstock.standalone.demo;

import dev.penstock.cli.Terminal;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JobState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What the demo's jobs came to, as lines that a person can judge. */
public final class DemoReport {
  private static final int MAX_WIDTH = 120;
  private static final int WIDE = 100;
  private static final int NAME = 18;
  private static final int SUMMARIES = 4;
  private static final int LABELLED = 6;
  private static final int NEAR_PASSAGES = 3;
  private static final int NEAR = 2;
  private static final int FAILURES = 5;

  private final Terminal terminal;
  private final int width;
  private final Demo.Run run;
  private final Optional<Commits> commits;
  private final List<String> lines = new ArrayList<>();

  /**
   * How the worker committed.
   *
   * @param count transactions
   * @param together how long they took together
   */
  public record Commits(long count, Duration together) {}

  private DemoReport(Terminal terminal, Demo.Run run, Optional<Commits> commits) {
    this.terminal = terminal;
    this.width = Math.min(terminal.columns(), MAX_WIDTH);
    this.run = run;
    this.commits = commits;
  }

  /** The report, at most as wide as the terminal. */
  public static List<String> of(Terminal terminal, Demo.Run run, Optional<Commits> commits) {
    var report = new DemoReport(terminal, run, commits);
    report.failures();
    report.summaries();
    report.labels();
    report.neighbours();
    report.languages();
    report.time();
    return report.lines;
  }

  private void failures() {
    List<EndedJob> failed =
        run.ended().stream()
            .filter(job -> !job.view().state().equals(JobState.SUCCEEDED.wireName()))
            .toList();
    if (failed.isEmpty() && run.refused().isEmpty()) {
      return;
    }
    heading("What went wrong", "");
    run.refused().stream()
        .limit(FAILURES)
        .forEach(line -> lines.add("  " + fit("refused " + line)));
    failed.stream()
        .limit(FAILURES)
        .forEach(job ->
            lines.add(
                "  "
                    + fit(
                        job.view().id()
                            + " "
                            + job.view().state()
                            + (job.view().failure() == null
                                ? ""
                                : ": " + job.view().failure().message()))));
  }

  /** One summary of each of a few languages. */
  private void summaries() {
    heading("Summaries", "the sentences nearest to the whole, in the text's own words");
    Set<String> languages = new HashSet<>();
    for (EndedJob job : run.ended()) {
      Optional<JobOutput.Summary> summary = job.output(JobOutput.Summary.class);
      Passage passage = job.job().passage();
      if (summary.isPresent()
          && languages.size() < SUMMARIES
          && languages.add(passage.language())) {
        lines.add(
            "  "
                + terminal.bold(passage.id())
                + terminal.faint(
                    String.format(
                        Locale.ROOT,
                        "  %s, %,d characters to %,d",
                        languageName(passage.language()),
                        passage.text().length(),
                        summary.get().sentences().stream().mapToInt(String::length).sum())));
        for (String sentence : summary.get().sentences()) {
          List<String> wrapped = Layout.wrap(sentence, width - 6, 2);
          lines.add("    - " + wrapped.getFirst());
          wrapped.stream().skip(1).forEach(line -> lines.add("      " + line));
        }
      }
    }
  }

  private void labels() {
    heading("Labels", "zero-shot: the model was never trained on them");
    boolean wide = width >= WIDE;
    int label = 24;
    int begins = width - 2 - NAME - 1 - label - 5 - (wide ? label + 8 : 2);
    Set<String> works = new HashSet<>();
    for (EndedJob job : run.ended()) {
      Optional<JobOutput.Classification> output = job.output(JobOutput.Classification.class);
      if (output.isPresent()
          && works.size() < LABELLED
          && works.add(job.job().passage().source())) {
        List<ScoredLabel> scored = output.get().labels();
        lines.add(
            "  "
                + Layout.cell(job.job().passage().id(), NAME)
                + " "
                + terminal.faint(Layout.cell(job.job().passage().text(), begins))
                + "  "
                + terminal.green(Layout.cell(scored.getFirst().label(), label))
                + percent(scored.getFirst().score(), 4)
                + (wide && scored.size() > 1
                    ? terminal.faint(
                        "  "
                            + Layout.cell(scored.get(1).label(), label)
                            + percent(scored.get(1).score(), 4))
                    : ""));
      }
    }
  }

  private void neighbours() {
    Map<Passage, float[]> vectors = new LinkedHashMap<>();
    for (EndedJob job : run.ended()) {
      job.output(JobOutput.Embedding.class)
          .ifPresent(embedding -> vectors.putIfAbsent(job.job().passage(), embedding.vector()));
    }
    if (vectors.size() <= NEAR) {
      return;
    }
    var neighbours = new Neighbours(vectors);
    heading("Nearest neighbours", "by the cosine of the passages' vectors");
    Set<String> works = new HashSet<>();
    for (Passage passage : neighbours.passages()) {
      if (works.size() < NEAR_PASSAGES && works.add(passage.source())) {
        int text = width - 2 - 6 - NAME - 1;
        lines.add(
            "  "
                + terminal.bold(Layout.cell(passage.id(), NAME + 6))
                + " "
                + Layout.cut(passage.text(), text));
        for (Neighbours.Near near : neighbours.of(passage, NEAR)) {
          lines.add(
              String.format(
                  Locale.ROOT,
                  "  %s %s %s",
                  terminal.green(String.format(Locale.ROOT, "%5.2f", near.cosine())),
                  Layout.cell(near.passage().id(), NAME),
                  terminal.faint(Layout.cut(near.passage().text(), text))));
        }
      }
    }
    lines.add(
        fit(
            String.format(
                Locale.ROOT,
                "  For %.0f%% of %d passages the nearest is from the same work; by chance: %.0f%%.",
                neighbours.fromSameWork() * 100,
                vectors.size(),
                neighbours.byChance() * 100)));
  }

  private void languages() {
    Map<String, Map<String, Integer>> found = new TreeMap<>();
    for (EndedJob job : run.ended()) {
      job.output(JobOutput.DetectedLanguages.class)
          .ifPresent(output ->
              found
                  .computeIfAbsent(job.job().passage().language(), _ -> new TreeMap<>())
                  .merge(output.languages().getFirst().label(), 1, Integer::sum));
    }
    heading("Languages", "what each passage is written in, and what it was taken for");
    found.forEach((language, taken) -> {
      int all = taken.values().stream().mapToInt(Integer::intValue).sum();
      int right =
          taken.entrySet().stream()
              .filter(entry -> isSame(language, entry.getKey()))
              .mapToInt(Map.Entry::getValue)
              .sum();
      String wrong =
          taken.entrySet().stream()
              .filter(entry -> !isSame(language, entry.getKey()))
              .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
              .map(entry -> entry.getKey() + " " + entry.getValue())
              .collect(Collectors.joining(", "));
      String count = String.format(Locale.ROOT, "%d of %d right", right, all);
      lines.add(
          "  "
              + Layout.cell(languageName(language), NAME)
              + " "
              + (right == all ? terminal.green(count) : count)
              + (wrong.isEmpty() ? "" : terminal.yellow("; taken for " + wrong)));
    });
  }

  private void time() {
    heading("Where the time went", "at most, for half of the jobs and for 95 % of them");
    lines.add(
        terminal.faint(
            "  "
                + Layout.cell("kind", NAME)
                + Layout.right("jobs", 6)
                + Layout.right("calls", 7)
                + Layout.right("waited 50 %", 13)
                + Layout.right("95 %", 9)
                + Layout.right("ran 50 %", 13)
                + Layout.right("95 %", 9)));
    for (JobKind kind : JobKind.values()) {
      List<EndedJob> jobs = run.ended().stream().filter(job -> job.job().kind() == kind).toList();
      if (!jobs.isEmpty()) {
        lines.add(
            "  "
                + Layout.cell(kind.wireName(), NAME)
                + Layout.right(String.format(Locale.ROOT, "%,d", jobs.size()), 6)
                + Layout.right(
                    String.format(
                        Locale.ROOT,
                        "%,d",
                        jobs.stream().mapToInt(job -> job.view().attempts().size()).sum()),
                    7)
                + percentiles(jobs.stream().flatMap(job -> job.queueWait().stream()).toList())
                + percentiles(jobs.stream().map(EndedJob::running).toList()));
      }
    }
    lines.add(
        fit(
            String.format(
                Locale.ROOT,
                "  submit: %,d jobs durable on Kafka after %s (%,.0f/s)",
                run.tally().total(),
                describe(run.submitting()),
                perSecond(run.tally().total(), run.submitting()))));
    commits
        .filter(some -> some.count() > 0)
        .ifPresent(some ->
            lines.add(
                fit(
                    String.format(
                        Locale.ROOT,
                        "  commit: %,d transactions of %s on average, %.1f outcomes in each",
                        some.count(),
                        describe(some.together().dividedBy(some.count())),
                        (double) run.tally().done() / some.count()))));
    lines.add(
        fit(
            String.format(
                Locale.ROOT,
                "  all in all: %,d jobs in %s, %,.1f jobs/s",
                run.tally().total(),
                describe(run.total()),
                perSecond(run.tally().total(), run.total()))));
  }

  private void heading(String title, String what) {
    lines.add("");
    lines.add(
        terminal.bold(title)
            + (what.isEmpty()
                ? ""
                : "  " + terminal.faint(Layout.cut(what, width - title.length() - 2))));
  }

  private String fit(String line) {
    String indent = line.substring(0, line.length() - line.stripLeading().length());
    return indent + Layout.cut(line, width - indent.length());
  }

  private static String percentiles(List<Duration> durations) {
    return Layout.right(
        describe(percentile(durations, 0.5))
            + Layout.right(describe(percentile(durations, 0.95)), 9),
        22);
  }

  private static Duration percentile(List<Duration> durations, double share) {
    List<Duration> sorted = durations.stream().sorted(Comparator.naturalOrder()).toList();
    return sorted.isEmpty()
        ? Duration.ZERO
        : sorted.get((int) Math.min(sorted.size() - 1L, (long) (sorted.size() * share)));
  }

  private static String describe(Duration duration) {
    double millis = duration.toNanos() / 1e6;
    return millis < 1_000
        ? String.format(Locale.ROOT, millis < 10 ? "%.1f ms" : "%.0f ms", millis)
        : String.format(Locale.ROOT, "%.1f s", millis / 1e3);
  }

  private static double perSecond(long count, Duration duration) {
    return duration.isZero() ? 0 : count * 1e9 / duration.toNanos();
  }

  private static String percent(double share, int columns) {
    return Layout.right(String.format(Locale.ROOT, "%.0f%%", share * 100), columns);
  }

  private static String languageName(String language) {
    return Locale.of(language).getDisplayLanguage(Locale.ENGLISH);
  }

  /** Whether an ISO 639-1 tag and an ISO 639-3 code mean the same; Mandarin is Chinese. */
  static boolean isSame(String tag, String code) {
    return code.equals(Locale.of(tag).getISO3Language())
        || (tag.equals("zh") && code.equals("cmn"));
  }
}
