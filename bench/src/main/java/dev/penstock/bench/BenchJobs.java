package dev.penstock.bench;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The jobs of the benches: the same from run to run but for ids and times. */
final class BenchJobs {
  /** The provider that waits, or not, and answers. */
  static final String MODEL = "simulated";

  private static final Duration ATTEMPT_TIMEOUT = Duration.ofMinutes(30);
  private static final long SEED = 42;
  private static final int CHUNK = 100_000;
  private static final String[] WORDS =
      ("river turbine pressure valve gate water head flow power wheel shaft pipe dam intake surge"
              + " tower spill level gauge pump blade rotor stator grid load peak base reserve")
          .split(" ", -1);

  private BenchJobs() {}

  /** Text of exactly {@code chars} ASCII characters. */
  static String text(int chars) {
    var random = new Random(SEED);
    var text = new StringBuilder(chars + 16);
    while (text.length() < chars) {
      text.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
    }
    text.setLength(chars);
    return text.toString();
  }

  /** A job whose record has {@code recordBytes} bytes, as far as a text can be made short. */
  static final class Maker {
    private final String model;
    private final String text;

    Maker(int recordBytes) {
      this(recordBytes, MODEL);
    }

    Maker(int recordBytes, String model) {
      this.model = model;
      int overhead = JsonCodec.JOB_RECORDS.encode(record("x")).length - 1;
      this.text = BenchJobs.text(Math.max(1, recordBytes - overhead));
    }

    /** The text of each job. */
    String text() {
      return text;
    }

    ProducerRecord<byte[], byte[]> make(String topic) {
      JobRecord record = record(text);
      byte[] key = record.job().id().toString().getBytes(StandardCharsets.UTF_8);
      return new ProducerRecord<>(
          topic, null, key, JsonCodec.JOB_RECORDS.encode(record), headers());
    }

    private JobRecord record(String text) {
      Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
      return JobRecord.accepted(
          new Job(
              JobId.random(now),
              model,
              new JobInput.DetectLanguage(text),
              3,
              ATTEMPT_TIMEOUT,
              now,
              null,
              Map.of()));
    }

    private static List<Header> headers() {
      return List.of(
          header(RecordHeaders.GENERATION, "0"),
          header(RecordHeaders.ATTEMPT, "1"),
          header(
              RecordHeaders.TRACEPARENT,
              "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    }

    private static Header header(String name, String value) {
      return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Puts {@code jobs} jobs on a topic and waits until all are acknowledged. */
  static void fill(String bootstrap, String topic, int jobs, int recordBytes) {
    fill(bootstrap, topic, jobs, new Maker(recordBytes));
  }

  /** As above, with jobs that {@code maker} makes. */
  static void fill(String bootstrap, String topic, int jobs, Maker maker) {
    try (var producer = producer(bootstrap, "bench-fill")) {
      var sent = new ArrayList<Future<RecordMetadata>>(CHUNK);
      for (int i = 0; i < jobs; i++) {
        sent.add(producer.send(maker.make(topic)));
        if (sent.size() == CHUNK) {
          // What is acknowledged by now costs no wait; the rest is not kept in memory.
          await(sent.subList(0, CHUNK / 2));
          sent.subList(0, CHUNK / 2).clear();
        }
      }
      producer.flush();
      await(sent);
    }
  }

  /** Waits for all, and throws when one was refused. */
  static void await(List<Future<RecordMetadata>> sent) {
    try {
      for (Future<RecordMetadata> future : sent) {
        future.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("Kafka refused a record of the bench", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while records are sent", e);
    }
  }

  /** An idempotent producer, {@code acks=all}, tuned for throughput. */
  static KafkaProducer<byte[], byte[]> producer(String bootstrap, String clientId) {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("client.id", clientId);
    settings.put("acks", "all");
    settings.put("enable.idempotence", true);
    settings.put("linger.ms", 5);
    settings.put("batch.size", 256 * 1024);
    settings.put("buffer.memory", 64L * 1024 * 1024);
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** The end offsets of all partitions of a topic. */
  static Map<TopicPartition, Long> ends(Lab lab, String topic, int partitions) {
    var latest = new HashMap<TopicPartition, OffsetSpec>();
    for (int partition = 0; partition < partitions; partition++) {
      latest.put(new TopicPartition(topic, partition), OffsetSpec.latest());
    }
    var ends = new HashMap<TopicPartition, Long>();
    Lab.await(lab.admin().listOffsets(latest).all(), "read the ends of " + topic)
        .forEach((partition, end) -> ends.put(partition, end.offset()));
    return ends;
  }
}
