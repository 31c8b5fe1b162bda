package dev.penstock.runtime.ownership;

import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.ProducerSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A partition whose owner writes with the {@code transactional.id} of the partition: initialising
 * it ends whatever an earlier owner had open and fences it, so the end that is read afterwards is
 * the end.
 */
public final class KafkaPartitionLog implements PartitionLog {
  private static final long BUFFER_BYTES = 32L * 1024 * 1024;

  /** How long a killed owner's open transaction can hold back readers of jobs. */
  private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(10);

  private final Clients clients;
  private final KafkaConfig kafka;
  private final Duration timeout;
  private final TopicPartition partition;
  private final String name;
  private @Nullable Producer<byte[], byte[]> producer;

  /**
   * @param timeout how long Kafka may take for one step
   * @param name stands in the {@code transactional.id} and in the ids of the clients
   */
  public KafkaPartitionLog(
      KafkaConfig kafka, Duration timeout, TopicPartition partition, String name) {
    this(Clients.REAL, kafka, timeout, partition, name);
  }

  /** The same, through clients that {@code clients} makes. */
  public KafkaPartitionLog(
      Clients clients, KafkaConfig kafka, Duration timeout, TopicPartition partition, String name) {
    this.clients = clients;
    this.kafka = kafka;
    this.timeout = timeout;
    this.partition = partition;
    this.name = name;
  }

  @Override
  public void open(
      @Nullable Instant since, java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> reader)
      throws LogUnavailableException {
    try {
      Producer<byte[], byte[]> opened = clients.producer(producerSettings());
      producer = opened;
      opened.initTransactions();
      read(since, reader);
    } catch (KafkaException e) {
      throw new LogUnavailableException(partition + " can't be opened: " + e.getMessage(), e);
    }
  }

  private Map<String, Object> producerSettings() {
    Map<String, Object> settings =
        ProducerSettings.durable(
            kafka, "penstock-" + name + "-" + partition.partition(), timeout, BUFFER_BYTES);
    settings.put(
        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
        kafka.topics().prefix() + name + "-" + partition.partition());
    settings.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) TRANSACTION_TIMEOUT.toMillis());
    // A batch is what came in during the commit before; waiting for more only adds latency.
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    // Bounds how soon one transaction can follow another.
    settings.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 5L);
    return settings;
  }

  private void read(
      @Nullable Instant since, java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> reader)
      throws LogUnavailableException {
    Map<String, Object> settings = kafka.clientSettings("penstock-" + name + "-reader");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) timeout.toMillis());
    long deadline = System.nanoTime() + timeout.multipliedBy(6).toNanos();
    try (Consumer<byte[], byte[]> consumer = clients.consumer(settings)) {
      List<TopicPartition> one = List.of(partition);
      consumer.assign(one);
      Long end = consumer.endOffsets(one).get(partition);
      if (end == null || !seek(consumer, since)) {
        return;
      }
      while (consumer.position(partition) < end) {
        consumer.poll(Duration.ofMillis(200)).forEach(reader);
        if (System.nanoTime() > deadline) {
          throw new LogUnavailableException(
              partition + " was not read to its end in time",
              new TimeoutException(timeout.toString()));
        }
      }
    }
  }

  /** Returns whether there is anything to be read. */
  private boolean seek(Consumer<byte[], byte[]> consumer, @Nullable Instant since) {
    if (since == null) {
      consumer.seekToBeginning(List.of(partition));
      return true;
    }
    OffsetAndTimestamp first =
        consumer.offsetsForTimes(Map.of(partition, since.toEpochMilli())).get(partition);
    if (first == null) {
      return false;
    }
    consumer.seek(partition, first.offset());
    return true;
  }

  @Override
  public Commit commit(List<ProducerRecord<byte[], byte[]>> records) {
    Producer<byte[], byte[]> open = producer;
    if (open == null) {
      throw new IllegalStateException("the log is not open");
    }
    try {
      open.beginTransaction();
      for (ProducerRecord<byte[], byte[]> record : records) {
        // Failures surface in commitTransaction.
        var _ = open.send(record);
      }
    } catch (ProducerFencedException | InvalidProducerEpochException _) {
      return new Commit.Fenced();
    } catch (KafkaException e) {
      return abort(open, e);
    }
    try {
      commitWithRetry(open);
      return new Commit.Committed();
    } catch (ProducerFencedException | InvalidProducerEpochException _) {
      return new Commit.Fenced();
    } catch (TimeoutException | InterruptException e) {
      return new Commit.Unknown(String.valueOf(e.getMessage()));
    } catch (KafkaException e) {
      return abort(open, e);
    }
  }

  /** A commit whose answer did not come may be asked for again, and must not be aborted. */
  private static void commitWithRetry(Producer<byte[], byte[]> open) {
    try {
      open.commitTransaction();
    } catch (TimeoutException _) {
      open.commitTransaction();
    }
  }

  private static Commit abort(Producer<byte[], byte[]> open, KafkaException cause) {
    String reason = cause.getClass().getSimpleName() + ": " + cause.getMessage();
    try {
      open.abortTransaction();
      return new Commit.Aborted(reason);
    } catch (ProducerFencedException | InvalidProducerEpochException _) {
      return new Commit.Fenced();
    } catch (KafkaException _) {
      return new Commit.Unknown(reason);
    }
  }

  @Override
  public void close() {
    if (producer != null) {
      // Nothing is pending that may still be sent: who opens next ends what was begun.
      producer.close(Duration.ZERO);
      producer = null;
    }
  }
}
