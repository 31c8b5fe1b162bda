package dev.penstock.worker.limit;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.limit.LimitReport;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.thread.Threads;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
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
 * Writes this worker's reports and tells the core what everyone reports, in the order of the log.
 * Its thread and its Kafka clients begin with the first report.
 *
 * <p>Reports are written outside of transactions and read uncommitted: a transaction that someone
 * left open would hold them back for seconds, and then nobody would have a share.
 */
public final class ReportLoop implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(ReportLoop.class);
  private static final Duration POLL = Duration.ofMillis(100);

  /**
   * So many reports are read at first: those of the last lease are wanted, of 100 workers for
   * example 500, and what they know of each other must have settled.
   */
  private static final long READ_BACK = 10_000;

  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final TopicPartition partition;
  private final CoreInbox inbox;
  private final Breakdown breakdown;
  private final Threads threads;
  private final ConcurrentLinkedQueue<LimitReport> unwritten = new ConcurrentLinkedQueue<>();
  private final Object lock = new Object();
  private Threads.@Nullable Task thread;
  private @Nullable Consumer<byte[], byte[]> reading;
  private volatile boolean stopped;

  /**
   * @param consumers makes the reader, which is to read uncommitted
   * @param producers makes the writer, without transactions
   */
  public ReportLoop(
      Supplier<Consumer<byte[], byte[]>> consumers,
      Supplier<Producer<byte[], byte[]>> producers,
      String topic,
      CoreInbox inbox,
      Breakdown breakdown,
      Threads threads) {
    this.consumers = consumers;
    this.producers = producers;
    this.partition = new TopicPartition(topic, 0);
    this.inbox = inbox;
    this.breakdown = breakdown;
    this.threads = threads;
  }

  /** Writes a report, soon. Never blocks. */
  public void write(LimitReport report) {
    unwritten.add(report);
    synchronized (lock) {
      if (stopped) {
        return;
      }
      if (thread == null) {
        thread = threads.platform("worker-limits", this);
        thread.start();
      } else if (reading != null) {
        reading.wakeup();
      }
    }
  }

  /** Ends the thread, after what is to be written was handed to Kafka. */
  public void stop(Duration patience) throws InterruptedException {
    Threads.Task running;
    synchronized (lock) {
      stopped = true;
      running = thread;
      if (reading != null) {
        reading.wakeup();
      }
    }
    if (running != null && !running.join(patience)) {
      log.warn("the thread {} did not end within {}", running.name(), patience);
    }
  }

  @Override
  public void run() {
    try (Consumer<byte[], byte[]> consumer = consumers.get();
        Producer<byte[], byte[]> producer = producers.get()) {
      synchronized (lock) {
        reading = consumer;
      }
      try {
        follow(consumer, producer);
      } finally {
        synchronized (lock) {
          reading = null;
        }
      }
      writeAll(producer);
    } catch (RuntimeException e) {
      if (!stopped) {
        breakdown.restart("the topic of the limits can't be followed", e);
      }
    } catch (Error e) {
      breakdown.halt("the thread of the limits met " + e);
    }
  }

  private void follow(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
    consumer.assign(List.of(partition));
    boolean placed = false;
    while (!stopped) {
      try {
        if (!placed) {
          long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
          consumer.seek(partition, Math.max(0, end - READ_BACK));
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
    for (LimitReport report = unwritten.poll(); report != null; report = unwritten.poll()) {
      try {
        var _ =
            producer.send(
                new ProducerRecord<>(
                    partition.topic(),
                    partition.partition(),
                    null,
                    JsonCodec.LIMIT_REPORTS.encode(report)),
                (_, e) -> {
                  if (e != null) {
                    notWritten(e);
                  }
                });
      } catch (KafkaException e) {
        notWritten(e);
      }
    }
  }

  /** The next one comes within a second; until one is read, no share is used for long. */
  private static void notWritten(Exception e) {
    log.warn("a report of this worker's limits could not be written: {}", e.toString());
  }

  private void tell(ConsumerRecord<byte[], byte[]> record) {
    switch (JsonCodec.LIMIT_REPORTS.decode(record.value())) {
      case Decoded.Value<LimitReport>(LimitReport report) ->
          inbox.tell(new CoreEvent.LimitReported(report, Instant.ofEpochMilli(record.timestamp())));
      case Decoded.Refused<LimitReport>(String reason) ->
          log.warn("skips an unreadable record at {}@{}: {}", partition, record.offset(), reason);
    }
  }
}
