package dev.penstock.worker.core;

import dev.penstock.codec.Decoded;
import dev.penstock.job.JobRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A record as it was read from a topic of jobs.
 *
 * @param partition where it stood
 * @param offset where it stood
 * @param content what it says, or why it can't be read
 * @param raw the record itself, kept only when it can't be read
 * @param payloadBytes the size of its value
 * @param traceparent the W3C trace context of the submission, as its header holds it, or null
 */
@SuppressWarnings("ArrayRecordComponent") // headers are handed through as they are, never compared
public record SourceRecord(
    TopicPartition partition,
    long offset,
    Decoded<JobRecord> content,
    @Nullable Raw raw,
    int payloadBytes,
    byte @Nullable [] traceparent) {

  /**
   * The bytes of a record that can't be read.
   *
   * @param key its key, or null
   * @param value its value, or null
   * @param generation what its generation header says, or -1: only records that Penstock wrote have
   *     one
   */
  @SuppressWarnings("ArrayRecordComponent") // handed through as it is, never compared
  public record Raw(byte @Nullable [] key, byte @Nullable [] value, int generation) {}
}
