package dev.penstock.worker.limit;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.thread.LogThread;
import dev.penstock.worker.thread.Threads;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes this worker's reports of one kind and tells the core what everyone reports, in the order
 * of the log. Its thread and its Kafka clients begin with the first report.
 *
 * <p>Reports are written outside of transactions and read uncommitted: a transaction that someone
 * left open would hold them back for seconds, and then nobody would have a share.
 *
 * @param <R> the reports
 */
public final class ReportLoop<R> {
  private static final Logger log = LoggerFactory.getLogger(ReportLoop.class);
  private static final Duration POLL = Duration.ofMillis(100);

  private final Kind<R> kind;
  private final TopicPartition partition;
  private final CoreInbox inbox;
  private final Breakdown breakdown;
  private final ConcurrentLinkedQueue<R> unwritten = new ConcurrentLinkedQueue<>();
  private final LogThread thread;

  /**
   * What is reported.
   *
   * @param name of the thread, and for people
   * @param topic whose partition 0 has the reports
   * @param readBack how many reports are read at first, the latest ones
   * @param key what a report is kept under; null where none is kept for long
   * @param event what the core is told of a report, with the broker's time
   */
  public record Kind<R>(
      String name,
      String topic,
      JsonCodec<R> codec,
      long readBack,
      Function<R, byte @Nullable []> key,
      BiFunction<R, Instant, CoreEvent> event) {
    /**
     * So many reports of limits are read at first: those of the last lease are wanted, of 100
     * workers for example 500, and what they know of each other must have settled.
     */
    private static final long LIMITS_READ_BACK = 10_000;

    /** Of limits that are shared. */
    public static Kind<LimitReport> limits(String topic) {
      return new Kind<>(
          "limits",
          topic,
          JsonCodec.LIMIT_REPORTS,
          LIMITS_READ_BACK,
          _ -> null,
          CoreEvent.LimitReported::new);
    }

    /** Of what is spent: all are read. */
    public static Kind<SpendReport> budgets(String topic) {
      return new Kind<>(
          "budgets",
          topic,
          JsonCodec.SPEND_REPORTS,
          Long.MAX_VALUE,
          report ->
              (report.scope() + " " + report.worker() + " " + report.incarnation())
                  .getBytes(StandardCharsets.UTF_8),
          CoreEvent.SpendReported::new);
    }
  }

  /**
   * @param consumers makes the reader, which is to read uncommitted
   * @param producers makes the writer, without transactions
   */
  public ReportLoop(
      Supplier<Consumer<byte[], byte[]>> consumers,
      Supplier<Producer<byte[], byte[]>> producers,
      Kind<R> kind,
      CoreInbox inbox,
      Breakdown breakdown,
      Threads threads) {
    this.kind = kind;
    this.partition = new TopicPartition(kind.topic(), 0);
    this.inbox = inbox;
    this.breakdown = breakdown;
    this.thread = new LogThread("worker-" + kind.name(), consumers, producers, threads, this::run);
  }

  /** Writes a report, soon. Never blocks. */
  public void write(R report) {
    unwritten.add(report);
    begin();
  }

  /** Begins to read, if it has not; what is to be written is written soon. Never blocks. */
  public void begin() {
    thread.wake();
  }

  /** Ends the thread, after what is to be written was handed to Kafka. */
  public void stop(Duration patience) throws InterruptedException {
    thread.stop(patience);
  }

  private void run() {
    try {
      thread.withClients(this::follow, this::writeAll);
    } catch (RuntimeException e) {
      if (!thread.isStopped()) {
        breakdown.restart("the topic of the " + kind.name() + " can't be followed", e);
      }
    } catch (Error e) {
      breakdown.halt("the thread of the " + kind.name() + " met " + e);
    }
  }

  private void follow(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
    consumer.assign(List.of(partition));
    boolean placed = false;
    while (!thread.isStopped()) {
      try {
        if (!placed) {
          long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
          consumer.seek(partition, Math.max(0, end - kind.readBack()));
          placed = true;
        }
        writeAll(producer);
        consumer.poll(POLL).forEach(this::tell);
      } catch (WakeupException _) {
        // There is something to be written.
      }
    }
  }

  private void writeAll(Producer<byte[], byte[]> producer) {
    for (R report = unwritten.poll(); report != null; report = unwritten.poll()) {
      try {
        var _ =
            producer.send(
                new ProducerRecord<>(
                    partition.topic(),
                    partition.partition(),
                    kind.key().apply(report),
                    kind.codec().encode(report)),
                (_, e) -> {
                  if (e != null) {
                    notWritten(kind.name(), e);
                  }
                });
      } catch (KafkaException e) {
        notWritten(kind.name(), e);
      }
    }
  }

  /** The next one follows; until one is read, nothing is used that it was to give. */
  private static void notWritten(String name, Exception e) {
    log.warn("a report of this worker's {} could not be written: {}", name, e.toString());
  }

  private void tell(ConsumerRecord<byte[], byte[]> record) {
    if (record.value() == null) {
      return;
    }
    switch (kind.codec().decode(record.value())) {
      case Decoded.Value<R>(R report) ->
          inbox.tell(kind.event().apply(report, Instant.ofEpochMilli(record.timestamp())));
      case Decoded.Refused<R>(String reason) ->
          log.warn("skips an unreadable record at {}@{}: {}", partition, record.offset(), reason);
    }
  }
}
