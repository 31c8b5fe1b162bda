package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The benches that look at how long jobs wait, so small that their figures mean nothing. */
final class WaitingBenchTest {
  @Test
  void retriesReportLatenessAndMemoryWithFewAndWithManyWaiting() {
    JsonNode json =
        BenchRun.measured(
            "retries",
            "--jobs",
            "50",
            "--waiting",
            "200",
            "--lead",
            "3",
            "--spread",
            "2",
            "--partitions",
            "2",
            "--heap-mb",
            "256");
    assertThat(json.get("parts").propertyNames()).contains("late, p99", "live heap");
    assertThat(json.get("parts").get("early").get("max").asDouble()).isZero();
  }

  @Test
  void failoverReportsWhenTheJobsOfAKilledWorkerRunAgain() {
    JsonNode json =
        BenchRun.measured(
            "failover",
            "--rate",
            "50",
            // So that calls are under way when their worker is killed.
            "--latency-ms",
            "800",
            "--before",
            "3",
            "--after",
            "20",
            "--rounds",
            "1",
            "--partitions",
            "2",
            "--heap-mb",
            "256");
    assertThat(json.get("parts").propertyNames())
        .containsExactly("first partition", "all partitions", "lost calls, most");
    assertThat(json.get("configuration").get("sessionSeconds").asDouble()).isPositive();
  }

  @Test
  void outageReportsAttemptsPerJobWithAndWithoutAnotherProvider() {
    JsonNode json =
        BenchRun.measured(
            "outage",
            "--jobs",
            "150",
            "--outage-seconds",
            "2",
            "--before-seconds",
            "0",
            "--slots",
            "16",
            "--partitions",
            "2");
    assertThat(json.get("parts").propertyNames())
        .contains(
            "attempts per job, no other provider",
            "attempts per job, with another provider",
            "calls instead of the first, with another provider");
  }
}
