package dev.penstock.worker.hold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobId;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PassageTest {
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
  private static final Topics TOPICS = Topics.defaults();
  private static final JobId JOB = JobId.random(NOW);

  private final Passage passage =
      new Passage(
          TOPICS,
          new Requests() {
            @Override
            public boolean isCancelled(JobId id, int generation) {
              return id.equals(JOB) && generation == 3;
            }

            @Override
            public boolean isHurried(JobId id, int generation, int attempts) {
              return id.equals(JOB) && generation == 5 && attempts == 2;
            }

            @Override
            public long latest() {
              return 2;
            }

            @Override
            public boolean isAnyOpenSince(long number) {
              return number < 2;
            }
          });

  @Test
  void aRecordMovesToTheLongestHoldThatEndsBeforeItIsDue() {
    assertThat(topicOf(due(Duration.ofDays(30)))).isEqualTo("penstock.hold-4096s");
    assertThat(topicOf(due(Duration.ofSeconds(4_099)))).isEqualTo("penstock.hold-1024s");
    assertThat(topicOf(due(Duration.ofSeconds(20)))).isEqualTo("penstock.hold-16s");
    assertThat(topicOf(due(Duration.ofSeconds(19)))).isEqualTo("penstock.retry");
    assertThat(topicOf(due(Duration.ofDays(-1)))).isEqualTo("penstock.retry");
  }

  @Test
  void aRecordComesBackToTheLaneOfItsPriority() {
    for (String priority : new String[] {"high", "low"}) {
      var soon = due(Duration.ofSeconds(3));
      soon.headers().add(RecordHeaders.PRIORITY, bytes(priority));
      assertThat(topicOf(soon)).isEqualTo("penstock.retry." + priority);
      var cancelled = due(Duration.ofDays(1));
      cancelled.headers().add(RecordHeaders.PRIORITY, bytes(priority));
      cancelled.headers().add(RecordHeaders.GENERATION, bytes("3"));
      assertThat(topicOf(cancelled)).isEqualTo("penstock.retry." + priority);
    }
    var unknown = due(Duration.ofSeconds(3));
    unknown.headers().add(RecordHeaders.PRIORITY, bytes("urgent"));
    assertThat(topicOf(unknown)).isEqualTo("penstock.retry");
  }

  @Test
  void aCancelledGenerationGoesToWhereItIsDecided() {
    var later = due(Duration.ofDays(1));
    later.headers().add(RecordHeaders.GENERATION, bytes("2"));
    assertThat(topicOf(later)).isEqualTo("penstock.hold-4096s");
    later.headers().add(RecordHeaders.GENERATION, bytes("3"));
    assertThat(topicOf(later)).isEqualTo("penstock.retry");
  }

  @Test
  void aJobThatIsToRunNowGoesToTheRetryTopicAfterThatManyAttemptsOnly() {
    for (int attempt = 1; attempt <= 4; attempt++) {
      var later = due(Duration.ofDays(1));
      later.headers().add(RecordHeaders.GENERATION, bytes("5"));
      later.headers().add(RecordHeaders.ATTEMPT, bytes(String.valueOf(attempt)));
      later.headers().add(RecordHeaders.PRIORITY, bytes("high"));
      assertThat(passage.isWanted(later)).isEqualTo(attempt == 3);
      assertThat(topicOf(later))
          .isEqualTo(attempt == 3 ? "penstock.retry.high" : "penstock.hold-4096s");
    }
  }

  @Test
  void whatHasNoDueTimeThatCanBeReadGoesToWherePoisonIsContained() {
    assertThat(topicOf(record(bytes("k"), bytes("v")))).isEqualTo("penstock.retry");
    var odd = record(null, null);
    odd.headers().add(RecordHeaders.DUE, bytes("soon")).add(RecordHeaders.GENERATION, null);
    assertThat(topicOf(odd)).isEqualTo("penstock.retry");
    var never = record(bytes("k"), bytes("v"));
    never.headers().add(RecordHeaders.DUE, bytes(String.valueOf(Long.MAX_VALUE)));
    assertThat(topicOf(never)).startsWith("penstock.");
  }

  @Test
  void keyValueAndHeadersArePassedOnAsTheyAre() {
    var held = due(Duration.ofHours(1));
    held.headers().add("foreign", new byte[] {1, 2}).add("foreign", null);
    var next = passage.next(held, NOW);
    assertThat(next.key()).isSameAs(held.key());
    assertThat(next.value()).isSameAs(held.value());
    assertThat(next.headers()).isEqualTo(held.headers());
    assertThat(next.partition()).isNull();
    assertThat(next.timestamp()).isNull();
  }

  @Test
  void whatIsTooLargeForATopicIsCutToWhatIsStillNoJob() {
    var held = record(new byte[100_000], new byte[50_000_000]);
    held.headers().add("foreign", new byte[5_000_000]);
    held.headers().add(RecordHeaders.GENERATION, bytes("1"));
    held.headers().add(RecordHeaders.PRIORITY, bytes("low"));
    var next = passage.next(held, NOW);
    assertThat(next.value().length).isBetween(Topics.MAX_JOB_RECORD_BYTES + 1, 1_950_000);
    assertThat(next.key().length).isLessThan(64_000);
    assertThat(next.headers().toArray())
        .extracting(header -> header.key())
        .containsExactly(RecordHeaders.GENERATION, RecordHeaders.PRIORITY);
    assertThat(next.topic()).isEqualTo("penstock.retry.low");
  }

  private String topicOf(ConsumerRecord<byte[], byte[]> held) {
    return passage.next(held, NOW).topic();
  }

  private static ConsumerRecord<byte[], byte[]> due(Duration remaining) {
    var record = record(bytes(JOB.toString()), bytes("{}"));
    record
        .headers()
        .add(RecordHeaders.DUE, bytes(String.valueOf(NOW.plus(remaining).toEpochMilli())));
    return record;
  }

  private static ConsumerRecord<byte[], byte[]> record(
      byte @Nullable [] key, byte @Nullable [] value) {
    return new ConsumerRecord<>(
        "hold",
        0,
        0,
        NOW.toEpochMilli(),
        TimestampType.LOG_APPEND_TIME,
        key == null ? -1 : key.length,
        value == null ? -1 : value.length,
        key,
        value,
        new org.apache.kafka.common.header.internals.RecordHeaders(),
        Optional.empty());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
