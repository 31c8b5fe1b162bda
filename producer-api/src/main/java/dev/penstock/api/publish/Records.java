package dev.penstock.api.publish;

import dev.penstock.cache.CacheRecord;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The records that the intake writes. */
public final class Records {
  private static final byte[] GENERATION_0 = ascii("0");
  private static final byte[] ATTEMPT_1 = ascii("1");

  private Records() {}

  /**
   * The records with which a job enters, to be written one after the other: after the first one it
   * is there.
   */
  public static List<ProducerRecord<byte[], byte[]>> job(
      Topics topics, Job job, String traceparent) {
    return job(topics, job, encode(job), traceparent);
  }

  /**
   * The same, of a job that is encoded already. One with an ordering key joins the line of that
   * key; what the views are to show of it meanwhile follows.
   */
  static List<ProducerRecord<byte[], byte[]>> job(
      Topics topics, Job job, byte[] value, String traceparent) {
    Ordering ordering = job.ordering();
    if (ordering == null) {
      return List.of(record(topics.jobs(job.priority()), job, value, traceparent));
    }
    var enter = new OrderedRecord.Enter(JobRecord.accepted(job), traceparent);
    return List.of(
        ordered(topics, ordering.key(), enter, traceparent),
        record(topics.accepted(), job, value, traceparent));
  }

  private static ProducerRecord<byte[], byte[]> record(
      String topic, Job job, byte[] value, String traceparent) {
    var record = new ProducerRecord<>(topic, ascii(job.id().toString()), value);
    record
        .headers()
        .add(RecordHeaders.GENERATION, GENERATION_0)
        .add(RecordHeaders.ATTEMPT, ATTEMPT_1)
        .add(RecordHeaders.TRACEPARENT, ascii(traceparent));
    return record;
  }

  /** The value of {@link #job}. */
  public static byte[] encode(Job job) {
    return JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job));
  }

  /** Tells the sequencer something of a job in the line of {@code key}. */
  public static ProducerRecord<byte[], byte[]> ordered(
      Topics topics, String key, OrderedRecord value, String traceparent) {
    var record =
        new ProducerRecord<>(topics.ordered(), ascii(key), JsonCodec.ORDERED.encode(value));
    record
        .headers()
        .add(RecordHeaders.GENERATION, ascii(String.valueOf(value.generation())))
        .add(RecordHeaders.JOB_ID, ascii(value.jobId().toString()))
        .add(RecordHeaders.TRACEPARENT, ascii(traceparent));
    if (value instanceof OrderedRecord.Enter) {
      record.headers().add(RecordHeaders.ATTEMPT, ATTEMPT_1);
    }
    return record;
  }

  /** The record that asks for a job's end. */
  public static ProducerRecord<byte[], byte[]> cancel(
      Topics topics, CancelRequest request, String traceparent) {
    var record =
        new ProducerRecord<>(
            topics.control(),
            ascii(request.jobId().toString()),
            JsonCodec.CANCEL_REQUESTS.encode(request));
    record
        .headers()
        .add(RecordHeaders.GENERATION, ascii(String.valueOf(request.generation())))
        .add(RecordHeaders.TRACEPARENT, ascii(traceparent));
    return record;
  }

  /** The record that asks for a waiting job's next attempt now. */
  public static ProducerRecord<byte[], byte[]> retryNow(
      Topics topics, RetryNowRequest request, String traceparent) {
    ProducerRecord<byte[], byte[]> record = RetryNowRecords.request(topics, request);
    record.headers().add(RecordHeaders.TRACEPARENT, ascii(traceparent));
    return record;
  }

  /** A record of the cache's one partition. */
  static ProducerRecord<byte[], byte[]> cache(Topics topics, CacheRecord record) {
    return new ProducerRecord<>(
        topics.cache(), 0, ascii(record.key()), JsonCodec.CACHE_RECORDS.encode(record));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
