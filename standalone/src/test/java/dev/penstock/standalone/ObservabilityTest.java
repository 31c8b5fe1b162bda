package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * What people who operate Penstock see of it, on one that runs: its metrics, alerts that reach
 * someone, and dashboards that show something. Prometheus and Alertmanager are Debian's; without
 * them only the metrics are looked at.
 */
@Timeout(600)
final class ObservabilityTest {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Path METRICS_PAGE = Repository.root().resolve("docs/metrics.md");
  private static final List<String> SERVICES = List.of("api", "worker", "streams", "replayer");

  @TempDir private static Path directory;
  private static LiveSystem system;
  private static Optional<PrometheusServer> prometheus = Optional.empty();

  @BeforeAll
  static void start() throws Exception {
    system = LiveSystem.start(directory);
    prometheus = PrometheusServer.start(directory, system.addresses());
    if (prometheus.isPresent()) {
      // Rates need a look before and one after.
      await("a first look at all services")
          .atMost(PATIENCE)
          .until(() -> prometheus.get().values("up == 1").size() == SERVICES.size());
    }
    system.work();
    await("everything happens that is told of")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(250))
        .untilAsserted(ObservabilityTest::everythingHappened);
    if (prometheus.isPresent()) {
      // Series that begin with the first jobs move with the next ones.
      await("a look at what has begun")
          .atMost(PATIENCE)
          .untilAsserted(() -> {
            assertThat(prometheus.get().values("penstock_worker_cost_wasted_total")).isNotEmpty();
            assertThat(
                    prometheus
                        .get()
                        .values(
                            "penstock_streams_requests_seconds_count{route=~\".*/jobs/.id.\",status=\"200\"}"))
                .isNotEmpty();
          });
      system.work();
    }
  }

  @AfterAll
  static void stop() {
    prometheus.ifPresent(PrometheusServer::close);
    if (system != null) {
      system.close();
    }
  }

  private static void everythingHappened() throws Exception {
    MetricsPage worker = system.page("worker");
    for (String total :
        List.of(
            "penstock_worker_failovers_total",
            "penstock_worker_cost_wasted_total",
            "penstock_worker_calls_unpriced_total",
            "penstock_worker_limit_refused_total",
            "penstock_worker_cache_hits_total",
            "penstock_worker_cache_waits_total",
            "penstock_worker_cache_bypassed_total",
            "penstock_worker_holds_total",
            "penstock_worker_jobs_gated",
            "penstock_worker_limit",
            "penstock_worker_backlog_records",
            "penstock_worker_budget_spent")) {
      assertThat(worker.sum(total, Map.of())).as(total).isPositive();
    }
    for (String code : List.of("budget", "timeout", "throttled", "invalid_request")) {
      assertThat(worker.sum("penstock_worker_dead_letters_total", Map.of("code", code)))
          .as(code)
          .isPositive();
    }
    assertThat(worker.sum("penstock_worker_breakers_open", Map.of("provider", "flaky")))
        .isPositive();
    assertThat(worker.sum("penstock_worker_tokens_total", Map.of("model", "other"))).isPositive();
    assertThat(
            system
                .page("streams")
                .sum("penstock_streams_ordered_records_total", Map.of("step", "through")))
        .isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"api", "worker", "streams", "replayer"})
  void metricsAreNamedExplainedAndBounded(String service) throws Exception {
    MetricsPage page = system.page(service);

    assertThat(page.violations()).isEmpty();
    assertThat(page.ours()).hasSizeGreaterThan(5);
    assertThat(page.sum("penstock_ready", Map.of("service", service))).isOne();
    assertThat(page.sum("penstock_build_info", Map.of("service", service))).isOne();
  }

  @ParameterizedTest
  @ValueSource(strings = {"api", "worker", "streams", "replayer"})
  void promtoolHasNothingToSayOfTheMetrics(String service) throws Exception {
    Optional<Tool> promtool = Tool.find("promtool");
    Assumptions.assumeTrue(promtool.isPresent(), PrometheusServer.INSTALL);

    Tool.Result checked =
        promtool.get().pipe(directory, system.scrape(service, ""), "check", "metrics");

    assertThat(checked.output()).isEmpty();
    assertThat(checked.code()).isZero();
  }

  /** 250 models, tenants, labels and paths were named. */
  @Test
  void whatPeopleNameMakesNoMetricsWithoutEnd() throws Exception {
    for (String service : SERVICES) {
      for (MetricsPage.Family family : system.page(service).ours()) {
        var values = new HashMap<String, HashSet<String>>();
        for (MetricsPage.Sample sample : family.samples()) {
          sample
              .labels()
              .forEach(
                  (key, value) -> values.computeIfAbsent(key, _ -> new HashSet<>()).add(value));
        }
        values.forEach((key, all) ->
            assertThat(all).as(family.name() + " " + key).hasSizeLessThanOrEqualTo(101));
        assertThat(values.keySet())
            .as(family.name())
            .doesNotContain("job_id", "label", "ordering_key");
        assertThat(values.getOrDefault("tenant", new HashSet<>())).doesNotContain("tenant-1");
      }
    }
    assertThat(
            system.page("api").sum("penstock_api_requests_seconds_count", Map.of("route", "other")))
        .isGreaterThanOrEqualTo(250);
  }

  @Test
  void openMetricsHaveExemplarsWithTheJobsTrace() throws Exception {
    for (String metric :
        List.of(
            "penstock_worker_calls_seconds_bucket",
            "penstock_worker_queue_wait_seconds_bucket",
            "penstock_worker_job_seconds_bucket")) {
      assertThat(system.scrape("worker", "application/openmetrics-text").lines())
          .as(metric)
          .anyMatch(
              line -> line.startsWith(metric) && line.contains("trace_id=\"" + LiveSystem.TRACE));
    }
    assertThat(system.scrape("api", "application/openmetrics-text").lines())
        .anyMatch(line ->
            line.startsWith("penstock_api_ack_seconds_bucket")
                && line.contains("trace_id=\"" + LiveSystem.TRACE));
  }

  @Test
  void exemplarsReachPrometheus() throws Exception {
    PrometheusServer server = prometheus();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(server.exemplars("penstock_worker_calls_seconds_bucket").toString())
                .contains(LiveSystem.TRACE));
  }

  @Test
  void anAlertReachesWhoIsOnCall() throws Exception {
    PrometheusServer server = prometheus();
    await("an alert on the provider that is down, and one on the dead letters")
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(server.notified())
                .extracting(alert -> alert.at("/labels/alertname").asString())
                .contains("PenstockBreakerOpen", "PenstockBudgetSpent"));
    JsonNode alert =
        server.notified().stream()
            .filter(each -> each.at("/labels/alertname").asString().equals("PenstockBreakerOpen"))
            .findFirst()
            .orElseThrow();

    assertThat(alert.path("status").asString()).isEqualTo("firing");
    assertThat(alert.at("/labels/severity").asString()).isEqualTo("warning");
    assertThat(alert.at("/annotations/summary").asString()).endsWith(" is left alone");
    assertThat(alert.at("/annotations/runbook_url").asString())
        .endsWith("operations.html#penstockbreakeropen");
  }

  /** Nothing may be empty: the panels that are so in good times get their data here. */
  @Test
  void everyPanelOfEveryDashboardShowsData() throws Exception {
    PrometheusServer server = prometheus();
    var queries = new ArrayList<Dashboard.Query>();
    for (Dashboard dashboard : Dashboard.all()) {
      queries.addAll(dashboard.queries());
      queries.addAll(dashboard.variables());
    }
    assertThat(queries).hasSizeGreaterThan(80);
    await("data for each panel")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(() -> assertThat(empty(server, queries)).isEmpty());
  }

  private static List<Dashboard.Query> empty(PrometheusServer server, List<Dashboard.Query> queries)
      throws IOException, InterruptedException {
    var empty = new ArrayList<Dashboard.Query>();
    for (Dashboard.Query query : queries) {
      if (server.values(query.expression()).isEmpty()) {
        empty.add(query);
      }
    }
    return empty;
  }

  private static PrometheusServer prometheus() {
    Assumptions.assumeTrue(prometheus.isPresent(), PrometheusServer.INSTALL);
    return prometheus.get();
  }

  /** docs/metrics.md is made from what is served: run with {@code -Ddocs=write} to make it anew. */
  @Test
  void thePageOfMetricsListsWhatIsServed() throws Exception {
    var pages = new HashMap<String, MetricsPage>();
    for (String service : SERVICES) {
      pages.put(service, system.page(service));
    }
    String page = MetricsTable.of(pages);
    if ("write".equals(System.getProperty("docs"))) {
      Files.writeString(METRICS_PAGE, page);
    }
    assertThat(Files.readString(METRICS_PAGE))
        .as("mvn -pl standalone -am test -Dtest=ObservabilityTest -Ddocs=write makes it anew")
        .isEqualTo(page);
  }
}
