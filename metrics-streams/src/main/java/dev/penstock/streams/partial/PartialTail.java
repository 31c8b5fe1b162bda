package dev.penstock.streams.partial;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.PartialAnswer;
import dev.penstock.streams.view.Signal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads answers that are being written, for as long as somebody watches, and only the partitions of
 * jobs that are watched. Nothing of it is kept, and the views know nothing of it: when Kafka does
 * not answer, those who watch see the rest of their job's life all the same. Thread-safe.
 */
public final class PartialTail implements AutoCloseable {
  /** Who begins to watch sees what was written in the last moments. */
  static final Duration LOOK_BACK = Duration.ofSeconds(30);

  /** But no more records of a partition than this are read once more. */
  static final long MAX_READ_AGAIN = 500;

  private static final Logger log = LoggerFactory.getLogger(PartialTail.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration REST = Duration.ofSeconds(1);

  /** How long the thread waits for someone to watch before it looks around. */
  private static final Duration IDLE = Duration.ofSeconds(60);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final String topic;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final InstantSource clock;
  private final Map<String, Set<Watch>> watches = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<Watch> begun = new ConcurrentLinkedQueue<>();
  private final Signal news = new Signal();
  private @Nullable Thread thread;
  private volatile boolean closed;

  /**
   * @param consumers makes readers that read uncommitted, belong to no group, and fail where they
   *     have no position
   */
  public PartialTail(
      String topic, Supplier<Consumer<byte[], byte[]>> consumers, InstantSource clock) {
    this.topic = topic;
    this.consumers = consumers;
    this.clock = clock;
  }

  /**
   * Begins to watch.
   *
   * @param partition the job's
   * @param signal given when something has come
   */
  public Watch watch(JobId job, int partition, Signal signal) {
    var watch = new Watch(this, job, partition, signal);
    watches.compute(
        job.toString(),
        (_, known) -> {
          Set<Watch> all = known == null ? ConcurrentHashMap.newKeySet() : known;
          all.add(watch);
          return all;
        });
    begun.add(watch);
    start();
    news.give();
    return watch;
  }

  void end(Watch watch) {
    watches.computeIfPresent(
        watch.job().toString(),
        (_, all) -> {
          all.remove(watch);
          return all.isEmpty() ? null : all;
        });
  }

  private synchronized void start() {
    if (thread == null && !closed) {
      thread = Thread.ofPlatform().name("streams-progress").daemon().start(this::run);
    }
  }

  private void run() {
    try {
      while (!closed) {
        if (watches.isEmpty()) {
          news.await(IDLE);
        } else {
          follow();
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** Until nobody watches any more, or Kafka fails. */
  private void follow() throws InterruptedException {
    try (Consumer<byte[], byte[]> consumer = consumers.get()) {
      // Those who watch already are to be placed with a new reader, too.
      begun.clear();
      watches.values().forEach(begun::addAll);
      while (!closed && !watches.isEmpty()) {
        place(consumer);
        consumer.poll(POLL).forEach(this::tell);
      }
    } catch (KafkaException e) {
      log.warn("answers that are being written can't be read; tries again: {}", e.toString());
      Thread.sleep(REST);
    }
  }

  /** Reads the partitions that are watched, each from before its newest watch began. */
  private void place(Consumer<byte[], byte[]> consumer) {
    Set<TopicPartition> wanted =
        watches.values().stream()
            .flatMap(Set::stream)
            .map(watch -> new TopicPartition(topic, watch.partition()))
            .collect(Collectors.toSet());
    var fresh = new ArrayList<TopicPartition>();
    for (Watch watch = begun.poll(); watch != null; watch = begun.poll()) {
      var partition = new TopicPartition(topic, watch.partition());
      if (wanted.contains(partition) && !fresh.contains(partition)) {
        fresh.add(partition);
      }
    }
    Set<TopicPartition> before = Set.copyOf(consumer.assignment());
    if (!wanted.equals(before)) {
      consumer.assign(wanted);
    }
    if (!fresh.isEmpty()) {
      readAgain(consumer, fresh, before);
    }
  }

  private void readAgain(
      Consumer<byte[], byte[]> consumer, List<TopicPartition> fresh, Set<TopicPartition> before) {
    Instant since = clock.instant().minus(LOOK_BACK);
    var times = new HashMap<TopicPartition, Long>();
    fresh.forEach(partition -> times.put(partition, since.toEpochMilli()));
    // In this order: what is written between the two is told.
    Map<TopicPartition, Long> ends = consumer.endOffsets(fresh);
    Map<TopicPartition, @Nullable OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
    for (TopicPartition partition : fresh) {
      long end = ends.getOrDefault(partition, 0L);
      OffsetAndTimestamp first = found.get(partition);
      long from = first == null ? end : Math.max(first.offset(), end - MAX_READ_AGAIN);
      if (!before.contains(partition) || consumer.position(partition) > from) {
        consumer.seek(partition, from);
      }
    }
  }

  private void tell(ConsumerRecord<byte[], byte[]> record) {
    Set<Watch> watching =
        record.key() == null
            ? null
            : watches.get(new String(record.key(), StandardCharsets.ISO_8859_1));
    if (watching == null) {
      return;
    }
    switch (JsonCodec.PARTIAL_ANSWERS.decode(record.value())) {
      case Decoded.Value<PartialAnswer>(PartialAnswer piece) ->
          watching.forEach(watch -> watch.came(piece, record.offset()));
      case Decoded.Refused<PartialAnswer>(String reason) ->
          log.debug(
              "skips an unreadable record at {}-{}@{}: {}",
              record.topic(),
              record.partition(),
              record.offset(),
              reason);
    }
  }

  /** Ends the thread; nothing comes any more. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      closed = true;
      running = thread;
    }
    news.give();
    if (running != null) {
      try {
        if (!running.join(PATIENCE)) {
          log.warn("the thread {} did not end within {}", running.getName(), PATIENCE);
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
