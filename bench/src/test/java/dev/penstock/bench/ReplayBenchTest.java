package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** So small that its figures mean nothing: it is their shape that is looked at. */
final class ReplayBenchTest {
  @Test
  void replaysReportTheirRateBesideThePlainPipe() {
    JsonNode json =
        BenchRun.measured("replay", "--letters", "400", "--rounds", "1", "--partitions", "2");
    assertThat(json.get("parts").propertyNames())
        .containsExactly("plain consume-produce", "replayer", "ratio of a round");
    assertThat(json.get("ratio").asDouble()).isPositive();
  }
}
