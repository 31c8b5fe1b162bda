package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** So small that its figures mean nothing: it is their shape that is looked at. */
final class DeadLettersBenchTest {
  @Test
  void deadLettersReportTimeAndMemoryBesideThePlainRead() {
    JsonNode json =
        BenchRun.measured(
            "dead-letters",
            "--letters",
            "400",
            "--rounds",
            "1",
            "--partitions",
            "2",
            "--text-chars",
            "50",
            "--heap-mb",
            "64");
    assertThat(json.get("parts").propertyNames())
        .startsWith("plain read", "groups", "preview", "preview of a change")
        .contains("groups, time", "preview, held", "preview of a tenth, held");
    assertThat(json.get("configuration").get("letters").asInt()).isEqualTo(400);
  }
}
