package dev.penstock.chaos.real;

import dev.penstock.chaos.law.Poison;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Writes to the topics past the intake: good records and bad ones. */
final class JobsTopic implements AutoCloseable {
  private final Topics topics;
  private final KafkaProducer<byte[], byte[]> producer;

  JobsTopic(Cluster cluster) {
    this.topics = cluster.topics();
    var settings = new Properties();
    settings.put("bootstrap.servers", cluster.bootstrap());
    settings.put("acks", "all");
    settings.put("max.request.size", String.valueOf(2 * Topics.MAX_RECORD_BYTES));
    this.producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** A job for the simulated provider, as the intake would write it. */
  JobId submit(int number) throws InterruptedException {
    Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
    var job =
        new Job(
            JobId.random(now),
            "simulated",
            new JobInput.DetectLanguage("job number " + number),
            3,
            Duration.ofSeconds(30),
            now,
            null,
            Map.of());
    send(
        new ProducerRecord<>(
            topics.jobs(),
            null,
            job.id().toString().getBytes(StandardCharsets.UTF_8),
            JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job)),
            generationZero()));
    return job.id();
  }

  /** The header by which Penstock's own records are known. */
  static List<org.apache.kafka.common.header.Header> generationZero() {
    return List.of(
        new RecordHeader(RecordHeaders.GENERATION, "0".getBytes(StandardCharsets.UTF_8)));
  }

  /** Puts bytes on a partition and tells where they stand. */
  Poison plant(String topic, int partition, byte @Nullable [] key, byte @Nullable [] value)
      throws InterruptedException {
    return plant(new ProducerRecord<>(topic, partition, key, value));
  }

  Poison plant(ProducerRecord<byte[], byte[]> record) throws InterruptedException {
    RecordMetadata at = send(record);
    return new Poison(
        at.topic() + ":" + at.partition() + ":" + at.offset(),
        Poison.hex(record.key()),
        Poison.hex(record.value()),
        "");
  }

  private RecordMetadata send(ProducerRecord<byte[], byte[]> record) throws InterruptedException {
    try {
      return producer.send(record).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("Kafka refused a record of the test", e);
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
