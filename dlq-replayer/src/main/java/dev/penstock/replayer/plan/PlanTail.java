package dev.penstock.replayer.plan;

import dev.penstock.replayer.replay.Pauses;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the topic of plans into the {@link PlanBook}, on the one thread that runs it. The others
 * may be called on any thread.
 */
public final class PlanTail implements Runnable, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PlanTail.class);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Clients clients;
  private final KafkaConfig kafka;
  private final PlanBook book;
  private final Pauses pauses;
  private final TopicPartition partition;
  private volatile long position;
  private volatile boolean closed;
  private volatile @Nullable String problem;

  public PlanTail(Clients clients, KafkaConfig kafka, PlanBook book, Pauses pauses) {
    this.clients = clients;
    this.kafka = kafka;
    this.book = book;
    this.pauses = pauses;
    this.partition = new TopicPartition(kafka.topics().dlqPlans(), 0);
  }

  @Override
  public void run() {
    try {
      while (!closed) {
        try {
          follow();
        } catch (WakeupException | InterruptException _) {
          return;
        } catch (KafkaException | IllegalStateException e) {
          problem = String.valueOf(e.getMessage());
          log.warn("the plans can't be followed now: {}", e.getMessage());
          pauses.pause(Duration.ofSeconds(1));
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** From where it has come to; the book takes a record twice as it takes it once. */
  private void follow() {
    Map<String, Object> settings = kafka.clientSettings("penstock-replayer-plans");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    try (Consumer<byte[], byte[]> consumer = clients.consumer(settings)) {
      consumer.assign(List.of(partition));
      consumer.seek(partition, position);
      while (!closed) {
        consumer.poll(POLL).records(partition).forEach(book::take);
        position = consumer.position(partition);
        problem = null;
      }
    }
  }

  /**
   * Waits until the book has everything that is committed now.
   *
   * @return whether it has; not when it takes longer than {@code patience}
   */
  public boolean catchUp(Duration patience) throws InterruptedException {
    long end = end();
    long pauses10 = patience.toMillis() / 10;
    for (long i = 0; i < pauses10 && position < end && !closed; i++) {
      pauses.pause(Duration.ofMillis(10));
    }
    return position >= end;
  }

  private long end() {
    Map<String, Object> settings = kafka.clientSettings("penstock-replayer-plans-end");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    try (Consumer<byte[], byte[]> consumer = clients.consumer(settings)) {
      consumer.assign(List.of(partition));
      return Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition));
    }
  }

  /** Why the plans are not followed; null while they are. */
  public @Nullable String problem() {
    return problem;
  }

  @Override
  public void close() {
    closed = true;
  }
}
