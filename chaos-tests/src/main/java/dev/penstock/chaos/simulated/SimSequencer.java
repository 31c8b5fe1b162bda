package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.kafka.SimKafka;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.OrderedRecord;
import dev.penstock.streams.order.MapLine;
import dev.penstock.streams.order.Sequencer;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * The sequencer of ordered jobs: the real decisions, in a shell that stands for Kafka Streams with
 * exactly-once. What it decides on some records is committed together with their offsets. Where
 * Kafka Streams restores its store from a changelog, this one computes the lines anew from all that
 * lies below the committed offsets, which is the same.
 */
final class SimSequencer {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final long PAUSE_NANOS = 200_000_000;

  private final Scheduler scheduler;
  private final SimKafka kafka;
  private final Topics topics;
  private final PlantedBug bug;
  private @Nullable SimProcess process;

  SimSequencer(Scheduler scheduler, SimKafka kafka, Topics topics, PlantedBug bug) {
    this.scheduler = scheduler;
    this.kafka = kafka;
    this.topics = topics;
    this.bug = bug;
  }

  void start() {
    if (process == null || process.isKilled()) {
      SimProcess begun = scheduler.process("sequencer");
      process = begun;
      scheduler.start(scheduler.strand(begun, "sequencer", () -> run(begun)));
    }
  }

  /** {@code kill -9}. */
  void kill() {
    if (process != null && !process.isKilled()) {
      scheduler.kill(process);
    }
  }

  private void run(SimProcess self) {
    while (true) {
      try (var producer = bug.sequencerProducer(kafka, self, producerSettings());
          var consumer = kafka.consumer(self, consumerSettings())) {
        producer.initTransactions();
        live(producer, consumer);
      } catch (KafkaException _) {
        // Whatever it was: a new life knows only what is committed.
        scheduler.sleep(PAUSE_NANOS);
      }
    }
  }

  /** A group without members: who is shut out is told by the {@code transactional.id} alone. */
  @SuppressWarnings("removal") // Kafka Streams has a member; this shell needs none
  private void live(Producer<byte[], byte[]> producer, Consumer<byte[], byte[]> consumer) {
    Map<TopicPartition, Lines> all = restored();
    consumer.assign(all.keySet());
    all.forEach((partition, lines) -> consumer.seek(partition, lines.committed));
    while (true) {
      var records = consumer.poll(POLL);
      var offsets = new LinkedHashMap<TopicPartition, OffsetAndMetadata>();
      all.forEach((partition, lines) -> {
        long position = consumer.position(partition);
        if (position != lines.committed) {
          offsets.put(partition, new OffsetAndMetadata(position));
        }
      });
      if (offsets.isEmpty()) {
        continue;
      }
      producer.beginTransaction();
      for (ConsumerRecord<byte[], byte[]> record : records) {
        var partition = new TopicPartition(record.topic(), record.partition());
        if (Objects.requireNonNull(all.get(partition)).take(record)
            instanceof Sequencer.Step.Through(OrderedRecord.Enter job)) {
          var _ = producer.send(let(job));
        }
      }
      producer.sendOffsetsToTransaction(
          offsets, new ConsumerGroupMetadata(topics.orderApplication()));
      producer.commitTransaction();
      offsets.forEach((partition, offset) ->
          Objects.requireNonNull(all.get(partition)).committed = offset.offset());
    }
  }

  private Map<TopicPartition, Lines> restored() {
    List<TopicPartition> partitions =
        kafka.logs(topics.ordered()).stream().map(log -> log.partition()).toList();
    String group = topics.orderApplication();
    if (!scheduler.poll(
        () -> partitions.stream().noneMatch(each -> kafka.isUnstable(group, each)),
        POLL,
        PATIENCE)) {
      throw new KafkaException("a transaction is still open");
    }
    var all = new LinkedHashMap<TopicPartition, Lines>();
    for (TopicPartition partition : partitions) {
      long committed = Objects.requireNonNull(kafka.committed(group, partition)).offset();
      var lines = new Lines(committed);
      kafka.log(partition).committed().stream()
          .filter(record -> record.offset() < committed)
          .forEach(lines::take);
      all.put(partition, lines);
    }
    return all;
  }

  private ProducerRecord<byte[], byte[]> let(OrderedRecord.Enter job) {
    var headers = new RecordHeaders();
    headers.add(
        dev.penstock.topic.RecordHeaders.GENERATION,
        utf8(String.valueOf(job.record().generation())));
    return new ProducerRecord<>(
        topics.jobs(job.record().job().priority()),
        null,
        utf8(job.jobId().toString()),
        JsonCodec.JOB_RECORDS.encode(job.record()),
        headers);
  }

  private static Map<String, Object> producerSettings() {
    return Map.of(
        "transactional.id",
        "sequencer",
        "client.id",
        "sequencer",
        "max.block.ms",
        PATIENCE.toMillis(),
        "delivery.timeout.ms",
        PATIENCE.toMillis(),
        "request.timeout.ms",
        1_000L,
        "transaction.timeout.ms",
        PATIENCE.toMillis(),
        "retry.backoff.ms",
        5L);
  }

  private static Map<String, Object> consumerSettings() {
    return Map.of(
        "client.id", "sequencer",
        "auto.offset.reset", "none",
        "enable.auto.commit", false,
        "isolation.level", "read_committed");
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** One partition's lines, as far as its records were taken. */
  private final class Lines {
    private final MapLine line = new MapLine();
    private final Sequencer sequencer = new Sequencer(line);
    private long committed;

    Lines(long committed) {
      this.committed = committed;
    }

    Sequencer.Step take(ConsumerRecord<byte[], byte[]> record) {
      String key = new String(record.key(), StandardCharsets.UTF_8);
      return switch (JsonCodec.ORDERED.decode(record.value())) {
        case Decoded.Value<OrderedRecord>(OrderedRecord ordered) ->
            sequencer.take(key, record.offset(), bug.sequenced(ordered, line.head(key)));
        case Decoded.Refused<OrderedRecord>(String reason) ->
            throw new IllegalStateException(reason);
      };
    }
  }
}
