package dev.penstock.worker.partial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.PartialAnswer;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.Target;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.thread.SystemThreads;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class PartialAnswersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final SlowProducer producer = new SlowProducer();
  private final AtomicInteger made = new AtomicInteger();
  private final AtomicInteger notTold = new AtomicInteger();
  private final AtomicLong leftOut = new AtomicLong();
  private final PartialAnswers partial =
      new PartialAnswers(
          () -> {
            made.incrementAndGet();
            return producer;
          },
          "progress",
          new PartialMetrics() {
            @Override
            public void told() {}

            @Override
            public void notTold() {
              notTold.incrementAndGet();
            }

            @Override
            public void leftOut(long chars) {
              leftOut.addAndGet(chars);
            }
          },
          new NoBreakdown(),
          new SystemThreads());

  /** Takes nothing until it is let go. */
  private static final class SlowProducer extends MockProducer<byte[], byte[]> {
    final CountDownLatch free = new CountDownLatch(1);

    SlowProducer() {
      super(false, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
      try {
        free.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return super.send(record, callback);
    }
  }

  private record NoBreakdown() implements Breakdown {
    @Override
    public void restart(String reason, Throwable cause) {
      throw new AssertionError(reason, cause);
    }

    @Override
    public void die(String reason) {
      throw new AssertionError(reason);
    }

    @Override
    public void halt(String reason) {
      throw new AssertionError(reason);
    }
  }

  private static ProviderCall call() {
    return new ProviderCall(
        JobId.random(Instant.parse("2026-11-21T08:00:00Z")),
        2,
        3,
        Target.of("a"),
        new JobInput.Generate("text", null, 10),
        Duration.ofSeconds(1));
  }

  @AfterEach
  void stop() throws InterruptedException {
    producer.free.countDown();
    partial.stop(PATIENCE);
  }

  @Test
  void anAnswerThatNobodyAskedForCostsNothing() {
    PartialAnswers.Telling telling = partial.telling(call(), false);
    telling.came("text", 4);
    telling.end();
    assertThat(made).hasValue(0);
  }

  @Test
  void kafkaHoldsUpNoCallAndWhatItDoesNotTakeIsLostAndCounted() {
    PartialAnswers.Telling telling = partial.telling(call(), true);
    for (int chars = 1_000; chars <= 100_000; chars += 1_000) {
      // Would not come back if it waited for Kafka.
      telling.came("x".repeat(1_000), chars);
    }
    assertThat(leftOut.get()).isPositive();
    producer.free.countDown();
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(producer.history()).isNotEmpty());
    assertThat(producer.errorNext(new TimeoutException("too slow"))).isTrue();
    assertThat(notTold).hasValue(1);
  }

  @Test
  void aPieceIsWrittenUnderItsJob() {
    producer.free.countDown();
    ProviderCall call = call();
    PartialAnswers.Telling telling = partial.telling(call, true);
    telling.came("Wasser", 6);
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(producer.history()).isNotEmpty());
    telling.end();
    telling.came(" und mehr", 15);
    List<ProducerRecord<byte[], byte[]>> written = producer.history();
    assertThat(written).hasSize(1);
    assertThat(new String(written.getFirst().key(), StandardCharsets.UTF_8))
        .isEqualTo(call.jobId().toString());
    assertThat(JsonCodec.PARTIAL_ANSWERS.decode(written.getFirst().value()))
        .isEqualTo(new Decoded.Value<>(new PartialAnswer(call.jobId(), 2, 3, 0, "Wasser")));
  }
}
