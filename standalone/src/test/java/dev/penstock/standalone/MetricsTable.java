package dev.penstock.standalone;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** The page of documentation that lists all metrics. */
final class MetricsTable {
  private static final Map<String, String> TITLES =
      Map.of("api", "Intake", "worker", "Workers", "streams", "Views", "replayer", "Replayer");

  private MetricsTable() {}

  /**
   * The page.
   *
   * @param pages what each service serves, by its name
   */
  static String of(Map<String, MetricsPage> pages) {
    var page =
        new StringBuilder(
            """
            # Metrics

            Made from what a running Penstock serves at `/metrics`. [operations.md](operations.md) says how they are scraped and what to do
            when they alarm. Histograms have `_bucket`, `_sum` and `_count`, with the same bounds everywhere; asked for as OpenMetrics they have
            exemplars with the `trace_id` of a job. Beside each histogram there is a gauge with `_max`, the largest value lately.

            Labels are bounded: what people name (models, routes) has a value of its own while it is configured or among the first 100, and
            is `other` beyond. Of no label of no metric are there more than 200 values and `other`. Costs are in the currency of the price
            table. Each process also has `jvm_…`, `process_…` and `system_…` as Micrometer names them, and `process_cpu_seconds_total`.
            """);
    Set<String> everywhere = new HashSet<>(names(pages, "api"));
    everywhere.retainAll(names(pages, "worker"));
    everywhere.retainAll(names(pages, "streams"));
    everywhere.retainAll(names(pages, "replayer"));
    section(page, "All services", ours(pages, "api"), everywhere::contains);
    for (String service : List.of("api", "worker", "streams", "replayer")) {
      section(
          page,
          Objects.requireNonNull(TITLES.get(service)),
          ours(pages, service),
          name -> !everywhere.contains(name));
    }
    return page.toString();
  }

  private static void section(
      StringBuilder page,
      String title,
      List<MetricsPage.Family> families,
      java.util.function.Predicate<String> listed) {
    page.append("\n## ")
        .append(title)
        .append("\n| metric | type | labels | what |\n|---|---|---|---|\n");
    for (MetricsPage.Family family : families) {
      if (listed.test(family.name())) {
        page.append(
            "| `%s` | %s | %s | %s |\n"
                .formatted(
                    family.name(),
                    family.type(),
                    family.labels().stream()
                        .map(label -> "`" + label + "`")
                        .collect(Collectors.joining(" ")),
                    family.help().replace("|", "\\|")));
      }
    }
  }

  private static Set<String> names(Map<String, MetricsPage> pages, String service) {
    return ours(pages, service).stream().map(MetricsPage.Family::name).collect(Collectors.toSet());
  }

  /** The gauges that stand beside histograms are not worth a line each. */
  private static List<MetricsPage.Family> ours(Map<String, MetricsPage> pages, String service) {
    MetricsPage page = Objects.requireNonNull(pages.get(service));
    return page.ours().stream().filter(family -> !isBesideAHistogram(page, family.name())).toList();
  }

  private static boolean isBesideAHistogram(MetricsPage page, String name) {
    MetricsPage.Family histogram =
        name.endsWith("_max")
            ? page.families().get(name.substring(0, name.length() - "_max".length()))
            : null;
    return histogram != null && histogram.type().equals("histogram");
  }
}
