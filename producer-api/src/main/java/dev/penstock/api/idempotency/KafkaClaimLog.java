package dev.penstock.api.idempotency;

import dev.penstock.api.publish.ProducerSettings;
import dev.penstock.codec.Decoded;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A partition of the idempotency topic. Its producer has the {@code transactional.id} of the
 * partition: initialising it ends whatever an earlier owner had open and fences it, so the end that
 * is read afterwards is the end.
 */
final class KafkaClaimLog implements ClaimLog {
  private static final Logger log = LoggerFactory.getLogger(KafkaClaimLog.class);
  private static final long BUFFER_BYTES = 32L * 1024 * 1024;

  /** How long a killed owner's open transaction can hold back readers of jobs. */
  private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(10);

  /** Claims state their own time; the broker's clock may differ by this much. */
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(10);

  private final KafkaConfig kafka;
  private final Duration timeout;
  private final TopicPartition partition;
  private @Nullable Producer<byte[], byte[]> producer;

  KafkaClaimLog(KafkaConfig kafka, Duration timeout, int partition) {
    this.kafka = kafka;
    this.timeout = timeout;
    this.partition = new TopicPartition(kafka.topics().idempotency(), partition);
  }

  @Override
  public void open(Instant since, Reader reader) throws LogUnavailableException {
    try {
      var opened = new KafkaProducer<byte[], byte[]>(producerSettings());
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
            kafka, "penstock-intake-keys-" + partition.partition(), timeout, BUFFER_BYTES);
    settings.put(
        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
        kafka.topics().prefix() + "intake-keys-" + partition.partition());
    settings.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) TRANSACTION_TIMEOUT.toMillis());
    // A batch is what came in during the commit before; waiting for more only adds latency.
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    // Bounds how soon one transaction can follow another.
    settings.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 5L);
    return settings;
  }

  private void read(Instant since, Reader reader) throws LogUnavailableException {
    Map<String, Object> settings = kafka.clientSettings("penstock-intake-claims");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) timeout.toMillis());
    long deadline = System.nanoTime() + timeout.multipliedBy(6).toNanos();
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> one = List.of(partition);
      consumer.assign(one);
      Long end = consumer.endOffsets(one).get(partition);
      OffsetAndTimestamp first =
          consumer
              .offsetsForTimes(Map.of(partition, since.minus(CLOCK_SKEW).toEpochMilli()))
              .get(partition);
      if (first == null || end == null) {
        return;
      }
      consumer.seek(partition, first.offset());
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          read(record, reader);
        }
        if (System.nanoTime() > deadline) {
          throw new LogUnavailableException(
              partition + " was not read to its end in time",
              new TimeoutException(timeout.toString()));
        }
      }
    }
  }

  private static void read(ConsumerRecord<byte[], byte[]> record, Reader reader) {
    Optional<Digest> key =
        record.key() == null
            ? Optional.empty()
            : Digest.parse(new String(record.key(), StandardCharsets.ISO_8859_1));
    if (key.isEmpty()) {
      log.error("{} has a record at {} that is no claim", record.topic(), record.offset());
      return;
    }
    switch (IdempotencyClaim.CODEC.decode(record.value())) {
      case Decoded.Value<IdempotencyClaim>(IdempotencyClaim claim) ->
          Digest.parse(claim.fingerprint())
              .ifPresentOrElse(
                  print -> reader.claim(key.get(), print, claim.jobId(), claim.claimedAt()),
                  () -> unreadable(record, key.get(), "its fingerprint is none", reader));
      case Decoded.Refused<IdempotencyClaim>(String reason) ->
          unreadable(record, key.get(), reason, reader);
    }
  }

  private static void unreadable(
      ConsumerRecord<byte[], byte[]> record, Digest key, String reason, Reader reader) {
    log.error(
        "the claim at {}-{} offset {} can't be read: {}; submissions with its key are refused",
        record.topic(),
        record.partition(),
        record.offset(),
        reason);
    reader.unreadable(key);
  }

  @Override
  public Commit commit(List<Entry> entries) {
    Producer<byte[], byte[]> open = producer;
    if (open == null) {
      throw new IllegalStateException("the log is not open");
    }
    try {
      open.beginTransaction();
      for (Entry entry : entries) {
        // Failures surface in commitTransaction.
        var _ = open.send(claimRecord(entry));
        for (ProducerRecord<byte[], byte[]> record : entry.jobRecords()) {
          var _ = open.send(record);
        }
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
    } catch (TimeoutException | org.apache.kafka.common.errors.InterruptException e) {
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

  private ProducerRecord<byte[], byte[]> claimRecord(Entry entry) {
    var claim = new IdempotencyClaim(entry.id(), entry.fingerprint().hex(), entry.claimedAt());
    return new ProducerRecord<>(
        partition.topic(),
        partition.partition(),
        entry.key().recordKey(),
        IdempotencyClaim.CODEC.encode(claim));
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
