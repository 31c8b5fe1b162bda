package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Each bench, so small that its figures mean nothing: it is their shape that is looked at. */
final class BenchTest {
  private record Ended(int code, String out, String err) {}

  private static Ended run(String... args) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code = Main.run(args, new PrintWriter(out), new PrintWriter(err));
    return new Ended(code, out.toString(), err.toString());
  }

  private static JsonNode measured(String name, String... options) {
    var args = new ArrayList<>(List.of(name, "--json"));
    args.addAll(List.of(options));
    Ended ended = run(args.toArray(String[]::new));
    assertThat(ended.code()).as(ended.err()).isZero();
    JsonNode json = Json.MAPPER.readTree(ended.out().lines().toList().getLast());
    assertThat(json.get("bench").asString()).isEqualTo(name);
    assertThat(json.get("ratio").isNumber()).isTrue();
    assertThat(json.get("ratio").asDouble()).isPositive();
    assertThat(json.get("configuration").get("partitions").asInt()).isEqualTo(2);
    assertThat(json.get("versions").get("cores").asInt()).isPositive();
    json.get("parts")
        .properties()
        .forEach(part -> {
          if (!part.getKey().equals("early")) {
            assertThat(part.getValue().get("median").asDouble()).isPositive();
          }
          assertThat(part.getValue().get("rounds").isArray()).isTrue();
        });
    return json;
  }

  @Test
  void workerReportsTheCeilingAndTheWorker() {
    JsonNode json =
        measured("worker", "--jobs", "200", "--rounds", "1", "--partitions", "2", "--slots", "20");
    assertThat(json.get("parts").propertyNames())
        .containsExactly("plain consume-produce", "worker", "ratio of a round");
    assertThat(json.get("configuration").get("jobs").asInt()).isEqualTo(200);
    assertThat(json.get("configuration").get("outputBytes").asInt()).isPositive();
  }

  @Test
  void utilisationReportsTheBusyShareAndTheHeap() {
    JsonNode json =
        measured(
            "utilisation",
            "--slots",
            "10",
            "--latency-mean-ms",
            "50",
            "--warm-up",
            "1",
            "--seconds",
            "1",
            "--rounds",
            "2",
            "--partitions",
            "2",
            "--heap-mb",
            "256");
    assertThat(json.get("ratio").asDouble()).isLessThanOrEqualTo(1);
    assertThat(json.get("parts").propertyNames())
        .containsExactly(
            "busy", "finished", "concurrency by Little's law", "heap peak", "platform threads");
    assertThat(json.get("parts").get("busy").get("rounds").size()).isEqualTo(2);
    assertThat(json.get("configuration").get("heapMb").asInt()).isEqualTo(256);
  }

  @Test
  void intakeReportsTheBareServerAndTheIntake() {
    JsonNode json =
        measured(
            "intake",
            "--jobs",
            "50",
            "--rounds",
            "1",
            "--warm-up",
            "1",
            "--connections",
            "4",
            "--partitions",
            "2");
    assertThat(json.get("parts").propertyNames())
        .startsWith("bare", "produce only", "intake")
        .contains("intake latency p99");
  }

  @Test
  void intakeBulkReportsThePlainProducerAndTheIntake() {
    JsonNode json =
        measured(
            "intake-bulk",
            "--jobs",
            "100",
            "--lines",
            "50",
            "--rounds",
            "1",
            "--connections",
            "2",
            "--partitions",
            "2");
    assertThat(json.get("parts").propertyNames()).containsExactly("plain producer", "intake");
    assertThat(json.get("configuration").get("jobs").asInt()).isEqualTo(100);
  }

  @Test
  void retriesReportLatenessAndMemoryWithFewAndWithManyWaiting() {
    JsonNode json =
        measured(
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
        measured(
            "failover",
            "--rate",
            "50",
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
  void latencyReportsThePlainTripTheWorkerAndItsStages() {
    JsonNode json =
        measured(
            "latency",
            "--rate",
            "50",
            "--seconds",
            "1",
            "--warm-up",
            "0",
            "--rounds",
            "1",
            "--partitions",
            "2");
    assertThat(json.get("parts").propertyNames())
        .startsWith("plain trip, median", "worker, median")
        .contains("to the call, mean", "p99, ratio of a round");
    assertThat(json.get("configuration").get("p99Ratio").asDouble()).isPositive();
  }

  @Test
  void slowJobsReportsTheThroughputWithAndWithoutThem() {
    JsonNode json =
        measured(
            "slow-jobs",
            "--jobs",
            "200",
            "--one-in",
            "20",
            "--slow-ms",
            "200",
            "--rounds",
            "1",
            "--partitions",
            "2",
            "--slots",
            "50");
    assertThat(json.get("parts").propertyNames())
        .startsWith("without slow jobs", "with slow jobs", "slow jobs");
  }

  @Test
  void peersReportsTheWorkerAndItsAlternatives(@TempDir Path directory) {
    JsonNode json =
        measured(
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
        measured(
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

  @Test
  void anOptionOutOfItsBoundsIsRefusedWithTheBounds() {
    Ended ended = run("worker", "--jobs", "1");
    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err()).contains("--jobs is 1, but must be from 2 to");
  }

  @Test
  void anUnknownNameIsRefused() {
    assertThat(run("nothing").code()).isEqualTo(2);
  }
}
