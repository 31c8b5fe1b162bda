package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What people who operate Penstock see of it, on one that runs. */
@Timeout(300)
final class ObservabilityTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private static Path directory;
  private static LiveSystem system;

  @BeforeAll
  static void start() throws Exception {
    system = LiveSystem.start(directory);
    await("everything happens that is told of")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(250))
        .untilAsserted(ObservabilityTest::everythingHappened);
  }

  @AfterAll
  static void stop() {
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
    assertThat(worker.sum("penstock_worker_breakers_open", Map.of("provider", "flaky"))).isOne();
    assertThat(worker.sum("penstock_worker_tokens_total", Map.of("model", "other"))).isPositive();
    assertThat(
            system
                .page("streams")
                .sum("penstock_streams_ordered_records_total", Map.of("step", "through")))
        .isEqualTo(15);
  }

  @ParameterizedTest
  @ValueSource(strings = {"api", "worker", "streams"})
  void metricsAreNamedExplainedAndBounded(String service) throws Exception {
    MetricsPage page = system.page(service);
    Files.writeString(Path.of("/tmp/page-" + service), system.scrape(service, "text/plain"));

    assertThat(page.violations()).isEmpty();
    assertThat(page.ours()).hasSizeGreaterThan(5);
    assertThat(page.sum("penstock_ready", Map.of("service", service))).isOne();
    assertThat(page.sum("penstock_build_info", Map.of("service", service))).isOne();
  }
}
