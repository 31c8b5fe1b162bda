package dev.penstock.replayer.travel;

import dev.penstock.replayer.replay.Pauses;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the topic of experiments into the {@link ExperimentBook}, on the one thread that runs it.
 * The others may be called on any thread.
 */
final class ExperimentTail implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(ExperimentTail.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration STEP = Duration.ofMillis(10);

  private final Function<String, Consumer<byte[], byte[]>> consumers;
  private final ExperimentBook book;
  private final Pauses pauses;
  private final TopicPartition partition;
  private volatile long position;
  private volatile boolean closed;
  private volatile @Nullable String problem;

  /**
   * @param consumers makes consumers of committed records, by what they are for
   */
  ExperimentTail(
      Function<String, Consumer<byte[], byte[]>> consumers,
      String topic,
      ExperimentBook book,
      Pauses pauses) {
    this.consumers = consumers;
    this.book = book;
    this.pauses = pauses;
    this.partition = new TopicPartition(topic, 0);
  }

  @Override
  public void run() {
    try {
      while (!closed) {
        try {
          follow();
        } catch (InterruptException _) {
          return;
        } catch (RuntimeException e) {
          problem = String.valueOf(e.getMessage());
          log.warn("the experiments can't be followed now: {}", e.getMessage());
          pauses.pause(Duration.ofSeconds(1));
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** From where it has come to; the book takes a record twice as it takes it once. */
  private void follow() {
    List<TopicPartition> one = List.of(partition);
    try (Consumer<byte[], byte[]> consumer = consumers.apply("experiments")) {
      consumer.assign(one);
      long begin = Objects.requireNonNull(consumer.beginningOffsets(one).get(partition));
      consumer.seek(partition, Math.max(begin, position));
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
  boolean catchUp(Duration patience) throws InterruptedException {
    List<TopicPartition> one = List.of(partition);
    long end;
    try (Consumer<byte[], byte[]> consumer = consumers.apply("experiments-end")) {
      end = Objects.requireNonNull(consumer.endOffsets(one).get(partition));
    }
    return await(() -> position >= end, patience);
  }

  /** Waits until the book has this version of an experiment, or a later one. */
  boolean await(String id, int version, Duration patience) throws InterruptedException {
    return await(
        () -> book.experiment(id).map(known -> known.version() >= version).orElse(false), patience);
  }

  private boolean await(BooleanSupplier there, Duration patience) throws InterruptedException {
    for (long i = patience.dividedBy(STEP); i > 0 && !there.getAsBoolean() && !closed; i--) {
      pauses.pause(STEP);
    }
    return there.getAsBoolean();
  }

  /** Why the experiments are not followed; null while they are. */
  @Nullable String problem() {
    return problem;
  }

  void close() {
    closed = true;
  }
}
