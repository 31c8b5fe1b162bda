package dev.penstock.worker.cache;

import dev.penstock.cache.CacheRecord;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.worker.answer.AnswerCache;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.thread.LogThread;
import dev.penstock.worker.thread.Threads;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
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
import tools.jackson.core.JacksonException;

/**
 * Writes this worker's records to the topic of the cache and tells the core everything that stands
 * there, from its beginning, in the order of the log. Its thread and its Kafka clients begin with
 * the first record that is written.
 *
 * <p>A topic that can't be read or written stops nothing: the clients are made anew, all is read
 * again, and until then the cache knows that it is out of reach.
 */
public final class CacheLoop {
  private static final Logger log = LoggerFactory.getLogger(CacheLoop.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final long REST_NANOS = 1_000_000_000L;

  /** What was read waits here until the core is less than so many reads behind. */
  private static final int MAX_AHEAD = 8;

  private static final long LONGEST_SEND_NANOS = 500_000_000L;
  private static final long AHEAD_PAUSE_NANOS = 1_000_000;

  private final TopicPartition partition;
  private final CoreInbox inbox;
  private final Breakdown breakdown;
  private final Threads threads;
  private final ConcurrentLinkedQueue<CacheRecord> unwritten = new ConcurrentLinkedQueue<>();
  private final AtomicInteger ahead = new AtomicInteger();
  private final LogThread thread;

  /**
   * @param consumers makes the reader, which is to read uncommitted
   * @param producers makes the writer, without transactions
   */
  public CacheLoop(
      Supplier<Consumer<byte[], byte[]>> consumers,
      Supplier<Producer<byte[], byte[]>> producers,
      String topic,
      CoreInbox inbox,
      Breakdown breakdown,
      Threads threads) {
    this.partition = new TopicPartition(topic, 0);
    this.inbox = inbox;
    this.breakdown = breakdown;
    this.threads = threads;
    this.thread = new LogThread("worker-cache", consumers, producers, threads, this::run);
  }

  /** Writes a record, soon. Never blocks. */
  public void write(CacheRecord record) {
    unwritten.add(record);
    thread.wake();
  }

  /** Ends the thread, after what is to be written was handed to Kafka. */
  public void stop(Duration patience) throws InterruptedException {
    thread.stop(patience);
  }

  private void run() {
    try {
      while (!thread.isStopped()) {
        followOnce();
      }
    } catch (RuntimeException e) {
      breakdown.restart("the thread of the cache failed; that is a bug", e);
    } catch (Error e) {
      breakdown.halt("the thread of the cache met " + e);
    }
  }

  private void followOnce() {
    try {
      thread.withClients(this::follow, this::writeAll);
    } catch (KafkaException e) {
      if (!thread.isStopped()) {
        log.warn(
            "the topic of the cache, {}, can't be followed; it is tried again, and calls are made"
                + " past the cache until then",
            partition.topic(),
            e);
        threads.pause(REST_NANOS);
      }
    }
  }

  private void follow(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
    consumer.assign(List.of(partition));
    long end = -1;
    boolean caughtUp = false;
    while (!thread.isStopped()) {
      try {
        if (end < 0) {
          end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
          consumer.seekToBeginning(List.of(partition));
          tell(List.of(), true, false);
        }
        writeAll(producer);
        if (ahead.get() >= MAX_AHEAD) {
          threads.pause(AHEAD_PAUSE_NANOS);
          continue;
        }
        var records = new ArrayList<AnswerCache.Logged>();
        consumer.poll(POLL).forEach(record -> take(record, records));
        boolean reaches = !caughtUp && consumer.position(partition) >= end;
        caughtUp |= reaches;
        if (reaches || !records.isEmpty()) {
          tell(records, false, reaches);
        }
      } catch (WakeupException _) {
        // There is something to be written.
      }
    }
  }

  private void tell(List<AnswerCache.Logged> records, boolean fromStart, boolean caughtUp) {
    ahead.incrementAndGet();
    inbox.tell(new CoreEvent.CacheRead(records, fromStart, caughtUp, ahead::decrementAndGet));
  }

  private void take(ConsumerRecord<byte[], byte[]> record, List<AnswerCache.Logged> records) {
    byte @Nullable [] value = record.value();
    switch (JsonCodec.CACHE_RECORDS.decode(value)) {
      case Decoded.Value<CacheRecord>(CacheRecord read) ->
          records.add(
              new AnswerCache.Logged(
                  read,
                  record.offset(),
                  Instant.ofEpochMilli(record.timestamp()),
                  record.serializedValueSize()));
      case Decoded.Refused<CacheRecord>(String reason) ->
          log.warn("skips an unreadable record at {}@{}: {}", partition, record.offset(), reason);
    }
  }

  private void writeAll(Producer<byte[], byte[]> producer) {
    for (CacheRecord record = unwritten.poll(); record != null; record = unwritten.poll()) {
      long begin = threads.nanoTime();
      try {
        var _ =
            producer.send(
                new ProducerRecord<>(
                    partition.topic(),
                    partition.partition(),
                    record.key().getBytes(StandardCharsets.UTF_8),
                    JsonCodec.CACHE_RECORDS.encode(record)),
                (_, e) -> {
                  if (e != null) {
                    notWritten(e);
                  }
                });
      } catch (KafkaException | JacksonException e) {
        notWritten(e);
      }
      if (threads.nanoTime() - begin > LONGEST_SEND_NANOS) {
        // Kafka is away. What waits behind it would be late as well, and the reading with it.
        unwritten.clear();
      }
    }
  }

  /** Who wrote it does not read it, and goes on without the cache. */
  private static void notWritten(Exception e) {
    log.warn("a record of the cache could not be written: {}", e.toString());
  }
}
