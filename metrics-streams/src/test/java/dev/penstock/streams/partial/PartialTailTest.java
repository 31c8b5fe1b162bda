package dev.penstock.streams.partial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.PartialAnswer;
import dev.penstock.streams.view.Signal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PartialTailTest {
  private static final TopicPartition PARTITION = new TopicPartition("progress", 0);
  private static final JobId JOB = JobId.random(Instant.EPOCH);

  /** Somebody writes the topic's first record just after it was asked what it holds. */
  private static final class WrittenMeanwhile extends MockConsumer<byte[], byte[]> {
    private boolean written;

    WrittenMeanwhile() {
      super("none");
      updateEndOffsets(Map.of(PARTITION, 0L));
    }

    @Override
    public synchronized Map<TopicPartition, @Nullable OffsetAndTimestamp> offsetsForTimes(
        Map<TopicPartition, Long> times) {
      if (!written) {
        written = true;
        addRecord(
            new ConsumerRecord<>(
                PARTITION.topic(),
                0,
                0L,
                JOB.toString().getBytes(StandardCharsets.UTF_8),
                JsonCodec.PARTIAL_ANSWERS.encode(new PartialAnswer(JOB, 0, 1, 0, "one"))));
        updateEndOffsets(Map.of(PARTITION, 1L));
      }
      return Map.of();
    }
  }

  @Test
  void whatIsWrittenWhileItLooksWhereToBeginIsTold() {
    try (var tail = new PartialTail("progress", WrittenMeanwhile::new, InstantSource.system())) {
      try (Watch watch = tail.watch(JOB, 0, new Signal())) {
        Awaitility.await()
            .atMost(60, TimeUnit.SECONDS)
            .untilAsserted(() -> assertThat(watch.take()).isNotEmpty());
      }
    }
  }
}
