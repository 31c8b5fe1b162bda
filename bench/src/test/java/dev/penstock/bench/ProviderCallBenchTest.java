package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

final class ProviderCallBenchTest {
  @Test
  void itReportsTheBareClientAndTheProvider() {
    BenchRun.Ended ended =
        BenchRun.run(
            "provider-call",
            "--json",
            "--in-flight=10",
            "--calls=50",
            "--rounds=1",
            "--latency-ms=1");
    assertThat(ended.code()).as(ended.err()).isZero();
    JsonNode json = Json.MAPPER.readTree(ended.out().lines().toList().getLast());
    assertThat(json.get("ratio").asDouble()).isPositive();
    assertThat(json.get("parts").propertyNames())
        .containsExactly("bare client", "provider openai", "ratio of a round");
    assertThat(json.get("configuration").get("inFlight").asInt()).isEqualTo(10);
  }
}
