package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The bench of alternatives, so small that its figures mean nothing. */
final class PeersBenchTest {
  @Test
  void peersReportsTheWorkerAndItsAlternatives(@TempDir Path directory) {
    JsonNode json =
        BenchRun.measured(
            "peers",
            "--jobs",
            "100",
            "--rounds",
            "1",
            "--seconds",
            "20",
            "--partitions",
            "2",
            "--results",
            directory.resolve("peers").toString());
    assertThat(json.get("parts").propertyNames())
        .startsWith(
            "plain consume-produce",
            "worker",
            "Parallel Consumer, plain",
            "Parallel Consumer, transactional",
            "share group, 4 consumers",
            "Spring Kafka, record ack");
    assertThat(directory.resolve("peers.md")).content().contains("./penstock bench peers --json");
    assertThat(directory.resolve("peers.svg")).content().contains("Spring Kafka, record ack");
    assertThat(directory.resolve("peers.json")).isNotEmptyFile();
  }

  @Test
  void peersReportsTheBusyShareOfEach() {
    JsonNode json =
        BenchRun.measured(
            "peers",
            "--slots",
            "8",
            "--mean-ms",
            "50",
            "--warm-up",
            "0",
            "--seconds",
            "1",
            "--partitions",
            "2");
    assertThat(json.get("ratio").asDouble()).isLessThanOrEqualTo(1);
    assertThat(json.get("parts").propertyNames())
        .contains("worker", "share group, 4 consumers", "worker, heap peak");
  }
}
