package dev.penstock.streams.fleet;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.fleet.WorkerCommand;
import dev.penstock.fleet.WorkerReport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows what workers tell about themselves, on a thread of its own. The topic has one partition
 * and is compacted, so each instance reads all of it and knows all workers. Thread-safe.
 */
public final class FleetTail implements AutoCloseable {
  /** A worker that was not heard for so long is silent; reports come every 2 s. */
  static final Duration SILENT_AFTER = Duration.ofSeconds(10);

  /** One that has stopped in good order is shown for so long. */
  static final Duration STOPPED_FOR = Duration.ofMinutes(10);

  /** One that is silent is remembered for so long. */
  static final Duration SILENT_FOR = Duration.ofDays(1);

  /** The most workers that are remembered; those that were not heard for longest give way. */
  static final int MAX_WORKERS = 10_000;

  private static final Logger log = LoggerFactory.getLogger(FleetTail.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration REST = Duration.ofSeconds(1);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);
  private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final TopicPartition partition;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final InstantSource clock;
  private final Map<String, Heard> workers = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile @Nullable Consumer<byte[], byte[]> reading;
  private volatile boolean closed;

  /** When Kafka last answered; null until everything was read that stood there at first. */
  private volatile @Nullable Instant inTouchAt;

  /** Since when it has answered without a longer pause. */
  private volatile Instant inTouchSince;

  /**
   * What a worker told last.
   *
   * @param reportedAt the broker's time of the report
   * @param heardAt when it was read, by this instance's clock; of what stood there before, the
   *     broker's time
   */
  record Heard(WorkerReport report, Instant reportedAt, Instant heardAt) {}

  /**
   * A worker as it is taken to be.
   *
   * @param state that of its report, or {@code silent}
   */
  record Worker(WorkerReport report, Instant reportedAt, Instant heardAt, String state) {
    boolean isSilent() {
      return state.equals("silent");
    }

    /** Whether it works, or would. */
    boolean isThere() {
      return !isSilent() && report.state() != WorkerReport.State.STOPPED;
    }
  }

  /**
   * @param topic whose partition 0 has the reports
   * @param consumers makes readers that belong to no group and begin at the earliest record
   */
  public FleetTail(
      String topic, Supplier<Consumer<byte[], byte[]>> consumers, InstantSource clock) {
    this.partition = new TopicPartition(topic, 0);
    this.consumers = consumers;
    this.clock = clock;
    this.inTouchSince = clock.instant();
    this.thread = Thread.ofPlatform().name("streams-fleet").daemon().unstarted(this::run);
  }

  /** Begins to read. */
  public void start() {
    thread.start();
  }

  /**
   * All workers that are known, by their ids; nothing while Kafka does not answer, for then it is
   * not known who is silent.
   */
  Optional<List<Worker>> workers() {
    Instant now = clock.instant();
    Instant touched = inTouchAt;
    if (touched == null || Duration.between(touched, now).compareTo(SILENT_AFTER) > 0) {
      return Optional.empty();
    }
    return Optional.of(
        workers.values().stream()
            .map(heard -> worker(heard, now))
            .filter(worker -> isShown(worker, now))
            .sorted(Comparator.comparing(worker -> worker.report().worker()))
            .toList());
  }

  private Worker worker(Heard heard, Instant now) {
    WorkerReport report = heard.report();
    // While this instance itself heard nothing, nobody was silent.
    Instant since = heard.heardAt().isAfter(inTouchSince) ? heard.heardAt() : inTouchSince;
    boolean silent =
        report.state() != WorkerReport.State.STOPPED
            && Duration.between(since, now).compareTo(SILENT_AFTER) > 0;
    return new Worker(
        report, heard.reportedAt(), heard.heardAt(), silent ? "silent" : report.state().wireName());
  }

  private static boolean isShown(Worker worker, Instant now) {
    Duration ago = Duration.between(worker.heardAt(), now);
    return ago.compareTo(worker.isThere() || worker.isSilent() ? SILENT_FOR : STOPPED_FOR) < 0;
  }

  private void run() {
    while (!closed) {
      try (Consumer<byte[], byte[]> consumer = consumers.get()) {
        reading = consumer;
        follow(consumer);
      } catch (WakeupException _) {
        // It is to end.
      } catch (KafkaException e) {
        log.warn("what workers tell can't be read; tries again: {}", e.toString());
        rest();
      } finally {
        reading = null;
      }
    }
  }

  private void rest() {
    try {
      Thread.sleep(REST);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void follow(Consumer<byte[], byte[]> consumer) {
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
    boolean caughtUp = false;
    long end = Long.MAX_VALUE;
    Instant lookAt = Instant.MIN;
    while (!closed) {
      Instant now = clock.instant();
      if (!now.isBefore(lookAt)) {
        try {
          end = consumer.endOffsets(List.of(partition), LOOK_TIMEOUT).getOrDefault(partition, 0L);
          if (caughtUp) {
            touched();
          }
        } catch (TimeoutException e) {
          log.debug("Kafka does not answer", e);
        }
        lookAt = clock.instant().plus(LOOK_EVERY);
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        hear(record, caughtUp);
      }
      if (!caughtUp && consumer.position(partition) >= end) {
        caughtUp = true;
        touched();
      }
      if (workers.size() > MAX_WORKERS) {
        forgetSome();
      }
    }
  }

  /** Whether Kafka has answered at {@code time} or later. */
  boolean wasInTouchAt(Instant time) {
    Instant touched = inTouchAt;
    return touched != null && !touched.isBefore(time);
  }

  private void touched() {
    Instant now = clock.instant();
    Instant before = inTouchAt;
    if (before != null && Duration.between(before, now).compareTo(SILENT_AFTER) > 0) {
      inTouchSince = now;
    }
    inTouchAt = now;
  }

  private void hear(ConsumerRecord<byte[], byte[]> record, boolean live) {
    if (record.key() == null) {
      return;
    }
    String key = new String(record.key(), StandardCharsets.UTF_8);
    if (WorkerCommand.isKey(key)) {
      return;
    }
    if (record.value() == null) {
      workers.remove(key);
      return;
    }
    switch (JsonCodec.WORKER_REPORTS.decode(record.value())) {
      case Decoded.Value<WorkerReport>(WorkerReport report) -> {
        Instant appendedAt = Instant.ofEpochMilli(record.timestamp());
        workers.put(
            report.worker(), new Heard(report, appendedAt, live ? clock.instant() : appendedAt));
      }
      case Decoded.Refused<WorkerReport>(String reason) ->
          log.debug("skips an unreadable record at {}@{}: {}", partition, record.offset(), reason);
    }
  }

  private void forgetSome() {
    workers.entrySet().stream()
        .sorted(Comparator.comparing(each -> each.getValue().heardAt()))
        .limit(MAX_WORKERS / 10)
        .map(Map.Entry::getKey)
        .toList()
        .forEach(workers::remove);
  }

  @Override
  public void close() {
    closed = true;
    Consumer<byte[], byte[]> consumer = reading;
    if (consumer != null) {
      consumer.wakeup();
    }
    try {
      if (thread.isAlive() && !thread.join(PATIENCE)) {
        log.warn("the thread {} did not end within {}", thread.getName(), PATIENCE);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
