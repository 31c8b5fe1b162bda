package dev.penstock.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.topic.Topics;
import dev.penstock.worker.core.Batch;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.core.SourceRecord;
import dev.penstock.worker.judge.Settlement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class BatchEncoderTest {
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
  private static final Outcome DEAD = new Outcome.DeadLettered(new Failure.Retryable("reset"));

  private final Topics topics = Topics.defaults();
  private final BatchEncoder encoder = new BatchEncoder(topics);

  static List<Outcome> outcomes() {
    return List.of(
        new Outcome.Succeeded(new JobOutput.Summary(List.of("One."))),
        new Outcome.Cancelled(),
        new Outcome.Expired(),
        DEAD);
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void theOutcomeReleasesTheOrderingKey(Outcome outcome) {
    JobRecord record = record(new Ordering("customer 17", Ordering.OnDeadLetter.RELEASE), 2);
    assertThat(releases(record, finished(outcome)))
        .containsExactly(new OrderedRecord.Release(record.job().id(), 2));
  }

  @Test
  void aDeadLetterThatIsToBlockKeepsTheKeyAndOtherOutcomesDoNot() {
    JobRecord record = record(new Ordering("customer 17", Ordering.OnDeadLetter.BLOCK), 0);
    assertThat(releases(record, finished(DEAD))).isEmpty();
    assertThat(releases(record, finished(new Outcome.Cancelled()))).hasSize(1);
  }

  @Test
  void aRetryKeepsTheKey() {
    JobRecord record = record(new Ordering("customer 17", Ordering.OnDeadLetter.RELEASE), 0);
    var next =
        new JobRecord(
            record.job(),
            0,
            List.of(
                new dev.penstock.job.Attempt(
                    1, "local", "w1", NOW, Duration.ZERO, new Failure.Retryable("reset"))),
            NOW.plusSeconds(1));
    assertThat(releases(record, new Settlement.Retry(next, NOW, false))).isEmpty();
    assertThat(releases(record, new Settlement.Hold(next, NOW))).isEmpty();
  }

  @Test
  void aJobWithoutAKeyReleasesNothing() {
    assertThat(releases(record(null, 0), finished(new Outcome.Cancelled()))).isEmpty();
  }

  /** A provider plugin may hand back anything; it must not stop the worker. */
  @Test
  @SuppressWarnings("NullAway") // on purpose: what a plugin should not do
  void anAnswerThatCannotBeWrittenIsADeadLetterAndOthersAreWritten() {
    JobRecord broken = record(new Ordering("customer 17", Ordering.OnDeadLetter.RELEASE), 0);
    var answer = finished(new Outcome.Succeeded(new JobOutput.Text(null)));
    List<ProducerRecord<byte[], byte[]>> records =
        encoder.encode(
            new Batch(
                List.of(
                    new Batch.Settled(claim(broken), answer),
                    new Batch.Settled(
                        claim(record(null, 0)),
                        finished(new Outcome.Succeeded(new JobOutput.Text("hi"))))),
                List.of(),
                List.of(),
                Set.of(),
                Map.of()),
            NOW);
    assertThat(records)
        .extracting(ProducerRecord::topic)
        .containsExactly(topics.events(), topics.deadLetters(), topics.ordered(), topics.events());
    assertThat(JsonCodec.DEAD_LETTERS.decode(records.get(1).value()))
        .isInstanceOfSatisfying(
            Decoded.Value.class,
            value ->
                assertThat(((DeadLetter) value.value()).reason().message())
                    .startsWith("the provider's answer can't be written as JSON"));
  }

  private static Settlement finished(Outcome outcome) {
    return new Settlement.Finish(List.of(), outcome, NOW);
  }

  private Claim claim(JobRecord record) {
    var partition = new TopicPartition(topics.jobs(), 0);
    return new Claim(
        new SourceRecord(partition, 7, new Decoded.Value<>(record), null, 100, null), record);
  }

  private List<OrderedRecord> releases(JobRecord record, Settlement settlement) {
    var settled = new Batch.Settled(claim(record), settlement);
    return encoder
        .encode(new Batch(List.of(settled), List.of(), List.of(), Set.of(), Map.of()), NOW)
        .stream()
        .filter(each -> each.topic().equals(topics.ordered()))
        .map(BatchEncoderTest::ordered)
        .toList();
  }

  private static OrderedRecord ordered(ProducerRecord<byte[], byte[]> record) {
    assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo("customer 17");
    return ((Decoded.Value<OrderedRecord>) JsonCodec.ORDERED.decode(record.value())).value();
  }

  private static JobRecord record(@Nullable Ordering ordering, int generation) {
    var job =
        new Job(
            JobId.random(NOW),
            "simulated",
            new JobInput.Embed("text"),
            2,
            Duration.ofSeconds(30),
            NOW,
            null,
            Map.of(),
            null,
            null,
            ordering,
            Priority.NORMAL);
    return new JobRecord(job, generation, List.of(), null);
  }
}
