package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** So small that its figures mean nothing: it is their shape that is looked at. */
final class SearchBenchTest {
  @Test
  void searchReportsLatenciesAndTheSizeOfTheIndex() {
    JsonNode json =
        BenchRun.measured(
            "search",
            "--jobs",
            "300",
            "--queries",
            "5",
            "--words",
            "10",
            "--partitions",
            "2",
            "--heap-mb",
            "256");
    assertThat(json.get("parts").propertyNames())
        .startsWith("one job by id, median", "one job by id, p99", "filtered page, median")
        .contains("full-text page, p99", "index, bytes a job");
    assertThat(json.get("parts").get("index, bytes a job").get("median").asDouble()).isPositive();
  }
}
