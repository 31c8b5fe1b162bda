package dev.penstock.runtime.kafka;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * How requests to run a job's next attempt now stand on the control topic: under a key of their
 * own, in the partition that all records of the job have. Without state.
 */
public final class RetryNowRecords {
  private RetryNowRecords() {}

  /** The record that asks. */
  public static ProducerRecord<byte[], byte[]> request(Topics topics, RetryNowRequest request) {
    ProducerRecord<byte[], byte[]> record =
        of(topics, request.jobId(), JsonCodec.RETRY_NOW_REQUESTS.encode(request));
    record.headers().add(RecordHeaders.GENERATION, bytes(String.valueOf(request.generation())));
    return record;
  }

  /** The record that takes back whatever was asked so for the job. */
  public static ProducerRecord<byte[], byte[]> forget(Topics topics, JobId jobId) {
    return of(topics, jobId, null);
  }

  /** The job that a record of the control topic with this key hurries, or stops to hurry. */
  public static Optional<JobId> jobOf(byte @Nullable [] key) {
    return key == null
        ? Optional.empty()
        : RetryNowRequest.jobOf(new String(key, StandardCharsets.UTF_8));
  }

  private static ProducerRecord<byte[], byte[]> of(
      Topics topics, JobId jobId, byte @Nullable [] value) {
    return new ProducerRecord<>(
        topics.control(), partition(topics, jobId), bytes(RetryNowRequest.key(jobId)), value);
  }

  /** Where Kafka's default partitioner puts what has the job's id for its key. */
  private static int partition(Topics topics, JobId jobId) {
    return Utils.toPositive(Utils.murmur2(bytes(jobId.toString()))) % topics.partitions();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
