package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Each bench, so small that its figures mean nothing: it is their shape that is looked at. */
final class BenchTest {
  @Test
  void workerReportsTheCeilingAndTheWorker() {
    JsonNode json =
        BenchRun.measured(
            "worker", "--jobs", "200", "--rounds", "1", "--partitions", "2", "--slots", "20");
    assertThat(json.get("parts").propertyNames())
        .containsExactly("plain consume-produce", "worker", "ratio of a round");
    assertThat(json.get("configuration").get("jobs").asInt()).isEqualTo(200);
    assertThat(json.get("configuration").get("outputBytes").asInt()).isPositive();
  }

  @Test
  void viewsReportThePassThroughAndTheViews() {
    JsonNode json =
        BenchRun.measured("views", "--jobs", "200", "--rounds", "1", "--partitions", "2");
    assertThat(json.get("parts").propertyNames())
        .containsExactly("pass-through", "views", "with the search index");
    assertThat(json.get("configuration").get("records").asInt()).isEqualTo(400);
  }

  @Test
  void utilisationReportsTheBusyShareAndTheHeap() {
    JsonNode json =
        BenchRun.measured(
            "utilisation",
            "--slots",
            "10",
            "--latency-mean-ms",
            "50",
            // As many as do not run out, however long the bench takes to look.
            "--jobs",
            "20000",
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
        BenchRun.measured(
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
        BenchRun.measured(
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
  void latencyReportsThePlainTripTheWorkerAndItsStages() {
    JsonNode json =
        BenchRun.measured(
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
        BenchRun.measured(
            "slow-jobs",
            "--jobs",
            // More than one transaction holds: the rate is taken between their times.
            "2000",
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
  void limitsReportsWhatIsUsedAndWhatIsRefusedOfEachLimitWhileNothingHappensAndWhileWorkersCome() {
    JsonNode json =
        BenchRun.measured(
            "limits",
            "--workers",
            "1",
            "--latency-ms",
            "100",
            // Until the worker has its share of each limit.
            "--warm-up",
            "4",
            "--seconds",
            "1",
            "--churn-seconds",
            "1",
            "--partitions",
            "2");
    assertThat(json.get("parts").propertyNames())
        .startsWith("refused, most", "calm: requests used")
        .contains("churn: tokens used", "churn: concurrency refused");
    assertThat(json.get("configuration").get("workers").asInt()).isEqualTo(1);
  }

  @Test
  void anOptionOutOfItsBoundsIsRefusedWithTheBounds() {
    BenchRun.Ended ended = BenchRun.run("worker", "--jobs", "1");
    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err()).contains("--jobs is 1, but must be from 2 to");
  }

  @Test
  void anUnknownNameIsRefused() {
    assertThat(BenchRun.run("nothing").code()).isEqualTo(2);
  }
}
