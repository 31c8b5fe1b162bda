package dev.penstock.api.publish;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The records that the intake writes. */
public final class Records {
  private static final byte[] GENERATION_0 = ascii("0");
  private static final byte[] ATTEMPT_1 = ascii("1");

  private Records() {}

  /** The record with which a job enters. */
  public static ProducerRecord<byte[], byte[]> job(Topics topics, Job job, String traceparent) {
    return job(topics, job, encode(job), traceparent);
  }

  /** The same, of a job that is encoded already. */
  public static ProducerRecord<byte[], byte[]> job(
      Topics topics, Job job, byte[] value, String traceparent) {
    var record = new ProducerRecord<>(topics.jobs(), ascii(job.id().toString()), value);
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

  static ProducerRecord<byte[], byte[]> cancel(
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

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
