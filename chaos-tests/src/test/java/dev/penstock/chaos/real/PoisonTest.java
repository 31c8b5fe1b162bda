package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.chaos.law.History;
import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Poison;
import dev.penstock.chaos.law.Submission;
import dev.penstock.process.ChildJvm;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Records that no one can read, placed straight into the topics. */
final class PoisonTest {
  private static final int JOBS = 100;
  private static final int HUGE_BYTES = 1_500_000;

  /** A record of this size just fits its topic, but not with the headers of a dead letter. */
  private static final int LARGEST_BYTES = Topics.MAX_RECORD_BYTES - 1_000;

  private static final Map<String, String> WORKER =
      Map.of("worker.provider.simulated.latency-mean", "5ms");

  @RegisterExtension private final Processes processes = new Processes();

  /** What is wrong with each, by name; a null value is one of them. */
  private static Map<String, byte @Nullable []> unreadable() {
    var random = new Random(7);
    var garbage = new byte[300];
    random.nextBytes(garbage);
    var huge = new byte[HUGE_BYTES];
    random.nextBytes(huge);
    Map<String, byte @Nullable []> records = new HashMap<>();
    records.put("garbage", garbage);
    records.put("no value", null);
    records.put("empty value", new byte[0]);
    records.put("huge", huge);
    records.put("another version", utf8("{\"v\":2,\"job\":{}}"));
    records.put("no version", utf8("{\"job\":{}}"));
    records.put("a version that is no number", utf8("{\"v\":\"1\"}"));
    records.put("a huge version", utf8("{\"v\":99999999999999999999}"));
    records.put("another shape", utf8("{\"v\":1,\"hello\":\"world\"}"));
    records.put("an array", utf8("[1,2,3]"));
    records.put("cut off", utf8("{\"v\":1,\"job\":{\"id\":\"01"));
    records.put("a null job", utf8("{\"v\":1,\"job\":null,\"generation\":0,\"attempts\":[]}"));
    records.put("deeply nested", utf8("{\"v\":1,\"job\":" + "[".repeat(10_000)));
    records.put("not UTF-8", new byte[] {'{', '"', (byte) 0xff, (byte) 0xfe, '"', '}'});
    return records;
  }

  @Test
  void unreadableRecordsReachTheDeadLettersOrAreSkippedAndStopNothing() throws Exception {
    var cluster = new Cluster(processes);
    cluster.startBroker();
    cluster.startApi();
    List<ChildJvm> services =
        List.of(cluster.startStreams(), cluster.startWorker("worker-1", WORKER));
    cluster.awaitReady();
    var history = new HistoryBuilder();
    Topics topics = cluster.topics();

    try (var client = new Client(cluster.api());
        var topic = new JobsTopic(cluster)) {
      history.submissions.addAll(client.submit(jobs(0)));
      for (int partition = 0; partition < topics.partitions(); partition++) {
        plantEverywhere(topic, topics, partition, history);
      }
      Poison largest = topic.plant(topics.jobs(), 0, utf8("largest"), bytes(LARGEST_BYTES));
      // Each partition has good jobs before, between and after the bad records.
      history.submissions.addAll(client.submit(jobs(JOBS)));
      assertThat(history.submissions)
          .hasSize(2 * JOBS)
          .allMatch(submission -> submission.answer() instanceof Submission.Answer.Accepted);

      cluster.observer().awaitQuiescence(Verdict.QUIESCENCE);
      history.planted.add(keptUpToTheStatedSize(cluster, largest));
    }
    History complete = Verdict.lawful(cluster, history, 0);

    assertThat(complete.jobs()).hasSize(2 * JOBS);
    assertThat(complete.poison()).hasSize(complete.planted().size());
    services.forEach(ChildJvm::checkAlive);
  }

  private static void plantEverywhere(
      JobsTopic topic, Topics topics, int partition, HistoryBuilder history)
      throws InterruptedException {
    for (Map.Entry<String, byte @Nullable []> record : unreadable().entrySet()) {
      byte[] key = utf8(record.getKey());
      for (String claimed : topics.claimed()) {
        history.planted.add(topic.plant(claimed, partition, key, record.getValue()));
        history.planted.add(topic.plant(claimed, partition, null, record.getValue()));
      }
      topic.plant(topics.events(), partition, key, record.getValue());
      topic.plant(topics.events(), partition, null, record.getValue());
      // The control topic is compacted, so Kafka itself refuses records without a key there.
      topic.plant(topics.control(), partition, key, record.getValue());
    }
  }

  /**
   * The dead letter of a record that is too large for it: its beginning, and the size of its key
   * and value.
   */
  private static Poison keptUpToTheStatedSize(Cluster cluster, Poison planted) {
    ConsumerRecord<byte[], byte[]> letter =
        cluster.observer().read(cluster.topics().deadLetters()).stream()
            .filter(record -> Arrays.equals(record.key(), utf8("largest")))
            .findFirst()
            .orElseThrow(() -> new AssertionError("the largest record is not contained"));
    assertThat(letter.value().length).isBetween(1_900_000, LARGEST_BYTES - 1);
    assertThat(letter.value())
        .isEqualTo(Arrays.copyOf(bytes(LARGEST_BYTES), letter.value().length));
    assertThat(
            new String(
                letter.headers().lastHeader(RecordHeaders.ORIGINAL_BYTES).value(),
                StandardCharsets.UTF_8))
        .isEqualTo(String.valueOf(letter.key().length + LARGEST_BYTES));
    return new Poison(planted.origin(), planted.keyHex(), Poison.hex(letter.value()), "");
  }

  private static byte[] bytes(int count) {
    var bytes = new byte[count];
    new Random(11).nextBytes(bytes);
    return bytes;
  }

  private static List<Map<String, Object>> jobs(int from) {
    return IntStream.range(from, from + JOBS).mapToObj(number -> Client.job(number, 3)).toList();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
