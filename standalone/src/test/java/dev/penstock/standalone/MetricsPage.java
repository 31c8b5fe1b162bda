package dev.penstock.standalone;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of metrics in Prometheus' text form, and the rules that each metric keeps.
 *
 * @param families by name, in the order of the alphabet
 */
record MetricsPage(Map<String, Family> families) {
  /** More than any label may have, and the value that stands for all others. */
  private static final int MOST_LABEL_VALUES = 201;

  private static final int MOST_SERIES = 3_000;

  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z0-9_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Pattern OURS = Pattern.compile("penstock(_[a-z][a-z0-9]*)+");

  /** What a unit is called, in the singular or short, that is no base unit in the plural. */
  private static final Pattern ODD_UNIT =
      Pattern.compile(
          ".*_(ms|millis|milliseconds|nanos|minutes|hours|kb|mb|megabytes|second|byte)(_.*)?");

  /** Ids make a series for each job. */
  private static final Pattern ID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-.*|[0-9a-f]{32}|[0-9A-HJKMNP-TV-Z]{26}");

  /** The samples of one metric; those of a histogram are all of its series. */
  record Family(String name, String type, String help, List<Sample> samples) {
    /** The labels that its samples have, but those that make a histogram. */
    TreeSet<String> labels() {
      var labels = new TreeSet<String>();
      samples.forEach(sample -> labels.addAll(sample.labels().keySet()));
      labels.remove("le");
      labels.remove("quantile");
      return labels;
    }
  }

  /** One series and its value. */
  record Sample(String name, Map<String, String> labels, double value) {}

  static MetricsPage parse(String text) {
    var helps = new LinkedHashMap<String, String>();
    var families = new TreeMap<String, Family>();
    String family = "";
    for (String line : text.lines().toList()) {
      String[] words = line.split(" ", 4);
      if (line.startsWith("# HELP ")) {
        helps.put(words[2], words.length > 3 ? words[3] : "");
      } else if (line.startsWith("# TYPE ")) {
        family = words[2];
        families.put(
            family,
            new Family(family, words[3], helps.getOrDefault(family, ""), new ArrayList<>()));
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        Objects.requireNonNull(families.get(family), line).samples().add(sample(line));
      }
    }
    return new MetricsPage(families);
  }

  private static Sample sample(String line) {
    int end = line.lastIndexOf(' ');
    String series = line.substring(0, end);
    int brace = series.indexOf('{');
    var labels = new TreeMap<String, String>();
    if (brace >= 0) {
      Matcher matcher = LABEL.matcher(series.substring(brace));
      while (matcher.find()) {
        labels.put(matcher.group(1), matcher.group(2));
      }
    }
    return new Sample(
        brace < 0 ? series : series.substring(0, brace), labels, value(line.substring(end + 1)));
  }

  private static double value(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /** Penstock's own metrics; the others are the JVM's and the process's. */
  List<Family> ours() {
    return families.values().stream().filter(each -> each.name().startsWith("penstock_")).toList();
  }

  /** The sum of a metric's samples of that name, which have these labels and maybe more. */
  double sum(String sample, Map<String, String> labels) {
    return families.values().stream()
        .flatMap(family -> family.samples().stream())
        .filter(each -> each.name().equals(sample))
        .filter(each -> each.labels().entrySet().containsAll(labels.entrySet()))
        .mapToDouble(Sample::value)
        .sum();
  }

  /** What is wrong with the metrics, in sentences; empty when nothing is. */
  List<String> violations() {
    var wrong = new ArrayList<String>();
    for (Family family : families.values()) {
      if (family.help().isBlank()) {
        wrong.add(family.name() + " has no help");
      }
      if (family.samples().size() > MOST_SERIES) {
        wrong.add(family.name() + " has " + family.samples().size() + " series");
      }
      if (family.name().startsWith("penstock_")) {
        checkName(family, wrong);
        checkLabels(family, wrong);
      }
    }
    return wrong;
  }

  private static void checkName(Family family, List<String> wrong) {
    String name = family.name();
    if (!OURS.matcher(name).matches()) {
      wrong.add(name + " is not written as Prometheus' names are");
    }
    if (ODD_UNIT.matcher(name).matches()) {
      wrong.add(name + " has a unit that is no base unit");
    }
    boolean isTotal = name.endsWith("_total");
    switch (family.type()) {
      case "counter" -> {
        if (!isTotal) {
          wrong.add(name + " counts and does not end in _total");
        }
      }
      case "histogram" -> {
        if (!name.endsWith("_seconds") && !name.endsWith("_bytes")) {
          wrong.add(name + " is a histogram without a unit");
        }
        if (family.samples().stream().filter(each -> each.name().endsWith("_bucket")).count() < 2) {
          wrong.add(name + " has no buckets");
        }
      }
      case "gauge" -> {
        if (isTotal || name.endsWith("_count") || name.endsWith("_sum")) {
          wrong.add(name + " is a gauge and named like a counter");
        }
      }
      default ->
          wrong.add(name + " is a " + family.type() + ", of which no quantile can be computed");
    }
  }

  private static void checkLabels(Family family, List<String> wrong) {
    var values = new TreeMap<String, TreeSet<String>>();
    for (Sample sample : family.samples()) {
      sample
          .labels()
          .forEach((key, value) -> {
            values.computeIfAbsent(key, _ -> new TreeSet<>()).add(value);
            if (ID.matcher(value).matches()) {
              wrong.add(family.name() + " has an id in its label " + key + ": " + value);
            }
          });
    }
    values.forEach((key, all) -> {
      if (all.size() > MOST_LABEL_VALUES) {
        wrong.add(family.name() + " has " + all.size() + " values of the label " + key);
      }
    });
  }
}
