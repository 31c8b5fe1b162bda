package dev.penstock.api.publish;

import dev.penstock.cache.CacheRecord;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.ProducerSettings;
import dev.penstock.runtime.ops.Buckets;
import dev.penstock.runtime.ops.CurrentTrace;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.header.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes jobs without an idempotency key, and requests to cancel, through one shared producer.
 * Thread-safe.
 */
public final class JobPublisher implements AutoCloseable {
  /** The most bytes of records that wait for their acknowledgement. */
  public static final long BUFFER_BYTES = 64L * 1024 * 1024;

  private static final Logger log = LoggerFactory.getLogger(JobPublisher.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final Topics topics;
  private final Producer<byte[], byte[]> producer;
  private final Timer acknowledged;

  /** The producer's own thread must not wait for room in the producer's buffer. */
  private final ExecutorService later = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * @param timeout how long an acknowledgement may take
   */
  public JobPublisher(KafkaConfig kafka, Duration timeout, MeterRegistry metrics) {
    this.topics = kafka.topics();
    this.producer =
        new KafkaProducer<>(
            ProducerSettings.durable(kafka, "penstock-intake", timeout, BUFFER_BYTES));
    this.acknowledged =
        Timer.builder("penstock.api.ack")
            .description("From handing a record to Kafka to its acknowledgement by all replicas")
            .serviceLevelObjectives(Buckets.exchanges())
            .register(metrics);
  }

  /** Writes the job; {@code value} is its encoded record. */
  CompletableFuture<Written> publish(Job job, byte[] value, String traceparent) {
    List<ProducerRecord<byte[], byte[]>> records = Records.job(topics, job, value, traceparent);
    return records.size() == 1 ? send(records.getFirst()) : sendInTurn(records);
  }

  /** Tells the sequencer something of a job in the line of {@code key}. */
  public CompletableFuture<Written> order(String key, OrderedRecord value, String traceparent) {
    return send(Records.ordered(topics, key, value, traceparent));
  }

  /**
   * Each when the one before it is acknowledged. Of one that fails after the first it is not said
   * that nothing was written.
   */
  private CompletableFuture<Written> sendInTurn(List<ProducerRecord<byte[], byte[]>> records) {
    CompletableFuture<Written> written = send(records.getFirst());
    for (ProducerRecord<byte[], byte[]> next : records.subList(1, records.size())) {
      written =
          written.thenComposeAsync(
              before ->
                  before instanceof Written.Acknowledged
                      ? send(next).thenApply(JobPublisher::atLeastBegun)
                      : CompletableFuture.completedFuture(before),
              later);
    }
    return written;
  }

  private static Written atLeastBegun(Written written) {
    return written instanceof Written.NotWritten(String reason)
        ? new Written.Unknown(reason)
        : written;
  }

  /** Writes the request. */
  public CompletableFuture<Written> cancel(CancelRequest request, String traceparent) {
    return send(Records.cancel(topics, request, traceparent));
  }

  /** Writes the request. */
  public CompletableFuture<Written> retryNow(RetryNowRequest request, String traceparent) {
    return send(Records.retryNow(topics, request, traceparent));
  }

  /** Writes to the topic of the cache. */
  public CompletableFuture<Written> cache(CacheRecord record) {
    return send(Records.cache(topics, record));
  }

  private CompletableFuture<Written> send(ProducerRecord<byte[], byte[]> record) {
    var written = new CompletableFuture<Written>();
    long sender = Thread.currentThread().threadId();
    long start = System.nanoTime();
    try {
      var _ =
          producer.send(
              record,
              (_, failure) -> {
                if (failure == null) {
                  acknowledged(record, System.nanoTime() - start);
                  written.complete(Written.ACKNOWLEDGED);
                } else {
                  // On the caller's own thread it failed before it was put into a batch.
                  boolean batched = Thread.currentThread().threadId() != sender;
                  written.complete(failed(failure, batched));
                }
              });
    } catch (KafkaException | IllegalStateException e) {
      written.complete(failed(e, false));
    }
    return written;
  }

  private void acknowledged(ProducerRecord<byte[], byte[]> record, long nanos) {
    Header traceparent = record.headers().lastHeader(RecordHeaders.TRACEPARENT);
    CurrentTrace.begin(traceparent == null ? null : traceparent.value());
    try {
      acknowledged.record(nanos, TimeUnit.NANOSECONDS);
    } finally {
      CurrentTrace.end();
    }
  }

  private static Written failed(Exception failure, boolean batched) {
    log.debug("Kafka did not take a record", failure);
    String reason = failure.getClass().getSimpleName() + ": " + failure.getMessage();
    return batched && failure instanceof RetriableException
        ? new Written.Unknown(reason)
        : new Written.NotWritten(reason);
  }

  @Override
  public void close() {
    producer.close(CLOSE_TIMEOUT);
    later.shutdown();
  }
}
