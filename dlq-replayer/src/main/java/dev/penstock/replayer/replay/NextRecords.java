package dev.penstock.replayer.replay;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Turns what the decider wants written into the records of its transaction. Pure and thread-safe.
 *
 * @param partition whose dead letters it is about
 */
record NextRecords(Topics topics, int partition) {
  /** The records, in the order in which they are to be sent. */
  List<ProducerRecord<byte[], byte[]>> of(Step.Write write) {
    var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
    for (Successor successor : write.successors()) {
      add(successor, records);
    }
    for (Step.Cancel cancel : write.cancels()) {
      add(cancel, records);
    }
    for (LedgerRecord record : write.ledger()) {
      records.add(
          new ProducerRecord<>(
              topics.dlqLedger(), partition, bytes(record.key()), JsonCodec.LEDGER.encode(record)));
    }
    return records;
  }

  /**
   * One with an ordering key joins the line of that key, at the place of its former generation
   * where that one still blocks it; what the views are to show of it meanwhile follows.
   */
  private void add(Successor successor, List<ProducerRecord<byte[], byte[]>> records) {
    Job job = successor.record().job();
    Ordering ordering = job.ordering();
    if (ordering == null) {
      records.add(ofJob(topics.jobs(job.priority()), successor));
      return;
    }
    String traceparent = successor.traceparent();
    var enter = new OrderedRecord.Enter(successor.record(), traceparent);
    var ordered =
        new ProducerRecord<>(
            topics.ordered(), bytes(ordering.key()), JsonCodec.ORDERED.encode(enter));
    ordered.headers().add(RecordHeaders.JOB_ID, bytes(job.id().toString()));
    addCommon(ordered, successor.record().generation(), traceparent);
    records.add(ordered);
    records.add(ofJob(topics.accepted(), successor));
  }

  /**
   * Asks the workers, as the intake does where someone cancels a job; and the sequencer, where it
   * may not have handed the job to one of them yet.
   */
  private void add(Step.Cancel cancel, List<ProducerRecord<byte[], byte[]>> records) {
    CancelRequest request = cancel.request();
    byte[] job = bytes(request.jobId().toString());
    byte[] generation = bytes(String.valueOf(request.generation()));
    var asked =
        new ProducerRecord<>(topics.control(), job, JsonCodec.CANCEL_REQUESTS.encode(request));
    asked.headers().add(RecordHeaders.GENERATION, generation);
    records.add(asked);
    String key = cancel.orderingKey();
    if (key != null) {
      var leave = new OrderedRecord.Cancel(request.jobId(), request.generation());
      var ordered =
          new ProducerRecord<>(topics.ordered(), bytes(key), JsonCodec.ORDERED.encode(leave));
      ordered.headers().add(RecordHeaders.GENERATION, generation).add(RecordHeaders.JOB_ID, job);
      records.add(ordered);
    }
  }

  private static ProducerRecord<byte[], byte[]> ofJob(String topic, Successor successor) {
    var record =
        new ProducerRecord<>(
            topic, bytes(successor.record().job().id().toString()), successor.value());
    addCommon(record, successor.record().generation(), successor.traceparent());
    return record;
  }

  private static void addCommon(
      ProducerRecord<byte[], byte[]> record, int generation, @Nullable String traceparent) {
    record
        .headers()
        .add(RecordHeaders.GENERATION, bytes(String.valueOf(generation)))
        .add(RecordHeaders.ATTEMPT, bytes("1"));
    if (traceparent != null) {
      record.headers().add(RecordHeaders.TRACEPARENT, bytes(traceparent));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
