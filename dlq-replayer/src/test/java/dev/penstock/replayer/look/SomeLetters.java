package dev.penstock.replayer.look;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Priority;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;

/** Dead letters for tests. */
public final class SomeLetters {
  public static final Instant NOW = Instant.parse("2026-11-22T06:00:00Z");

  private SomeLetters() {}

  public static JobId id(long number) {
    return new JobId(new UUID(0x0190_0000_0000_7000L, 0x8000_0000_0000_0000L | number));
  }

  /** A job of that number. */
  public static Job job(long number, String model, @Nullable Instant expireAt) {
    return new Job(
        id(number),
        model,
        new JobInput.Generate("text " + number, null, 100),
        3,
        Duration.ofSeconds(30),
        NOW.minusSeconds(3_600),
        expireAt,
        Map.of("batch", String.valueOf(number % 2)),
        null,
        null,
        null,
        number % 2 == 0 ? Priority.NORMAL : Priority.LOW,
        false,
        TenantId.of("tenant-" + number % 3),
        null);
  }

  /** One whose only call took two seconds, cost 1,000 and failed so. */
  public static DeadLetter failed(Job job, int generation, Failure failure, Instant at) {
    return new DeadLetter(
        job,
        generation,
        List.of(
            new Attempt(
                1,
                job.providerName(),
                "worker",
                at.minusSeconds(2),
                Duration.ofSeconds(2),
                failure,
                new Served(null, null, Usage.NONE, 1_000L, null))),
        failure,
        new DeadLetter.Origin("jobs", 0, 7),
        at);
  }

  /** A record of a job, as a worker writes it. */
  public static ConsumerRecord<byte[], byte[]> record(int partition, long offset, DeadLetter dead) {
    var record =
        record(
            partition,
            offset,
            dead.at(),
            dead.job().id().toString(),
            JsonCodec.DEAD_LETTERS.encode(dead));
    record.headers().add(header(RecordHeaders.DEAD_LETTER, "job"));
    return record;
  }

  /** A record that no worker could read. */
  public static ConsumerRecord<byte[], byte[]> poison(int partition, long offset, String value) {
    var record = record(partition, offset, NOW, null, value.getBytes(StandardCharsets.UTF_8));
    record.headers().add(header(RecordHeaders.DEAD_LETTER, "poison"));
    record.headers().add(header(RecordHeaders.REASON, "not a JSON object (at byte 3)"));
    record.headers().add(header(RecordHeaders.ORIGIN, "jobs:0:7"));
    return record;
  }

  /** A record of any value that was written at that time. */
  public static ConsumerRecord<byte[], byte[]> record(
      int partition, long offset, Instant at, @Nullable String key, byte @Nullable [] value) {
    return new ConsumerRecord<>(
        "dead-letters",
        partition,
        offset,
        at.toEpochMilli(),
        TimestampType.LOG_APPEND_TIME,
        0,
        0,
        key == null ? null : key.getBytes(StandardCharsets.UTF_8),
        value,
        new org.apache.kafka.common.header.internals.RecordHeaders(),
        Optional.empty());
  }

  private static RecordHeader header(String name, String value) {
    return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
