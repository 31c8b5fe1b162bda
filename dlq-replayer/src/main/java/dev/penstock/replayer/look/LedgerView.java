package dev.penstock.replayer.look;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.longlong.Roaring64Bitmap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the ledgers of all partitions, on the one thread that runs it: what became of each dead
 * letter, as a bitmap, and how far plans have come. The others may be called on any thread.
 */
public final class LedgerView implements Standings, Runnable, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LedgerView.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration REST = Duration.ofSeconds(1);
  private static final Duration STEP = Duration.ofMillis(5);
  private static final String PLAN = "plan/";

  private final Clients clients;
  private final KafkaConfig kafka;
  private final InstantSource clock;
  private final List<TopicPartition> partitions;
  private final List<Resolved> resolved;
  private final AtomicLongArray positions;
  private final Map<PlanId, Map<Integer, Progress>> progress = new HashMap<>();
  private volatile boolean closed;
  private volatile @Nullable String problem;

  /** The resolved dead letters of one partition. */
  private static final class Resolved {
    private final Roaring64Bitmap replayed = new Roaring64Bitmap();
    private final Roaring64Bitmap discarded = new Roaring64Bitmap();
    private final Roaring64Bitmap purged = new Roaring64Bitmap();

    synchronized Standing of(long offset) {
      if (purged.contains(offset)) {
        return Standing.PURGED;
      }
      if (replayed.contains(offset)) {
        return Standing.REPLAYED;
      }
      return discarded.contains(offset) ? Standing.DISCARDED : Standing.OPEN;
    }

    synchronized void put(long offset, Standing standing) {
      switch (standing) {
        case REPLAYED -> replayed.addLong(offset);
        case DISCARDED -> discarded.addLong(offset);
        case PURGED -> purged.addLong(offset);
        case OPEN -> {
          replayed.removeLong(offset);
          discarded.removeLong(offset);
          purged.removeLong(offset);
        }
      }
    }
  }

  /**
   * One that knows nothing yet.
   *
   * @param clock for how long it waits
   */
  public LedgerView(Clients clients, KafkaConfig kafka, InstantSource clock) {
    this.clients = clients;
    this.kafka = kafka;
    this.clock = clock;
    String topic = kafka.topics().dlqLedger();
    int count = kafka.topics().partitions();
    partitions = IntStream.range(0, count).mapToObj(p -> new TopicPartition(topic, p)).toList();
    resolved = IntStream.range(0, count).mapToObj(_ -> new Resolved()).toList();
    positions = new AtomicLongArray(count);
  }

  @Override
  public void run() {
    try {
      while (!closed) {
        try {
          follow();
        } catch (InterruptException _) {
          return;
        } catch (KafkaException | IllegalStateException e) {
          problem = String.valueOf(e.getMessage());
          log.warn("what became of dead letters can't be followed now: {}", e.getMessage());
          Thread.sleep(REST);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** From where it has come to; a record that is taken twice is taken as once. */
  private void follow() {
    try (Consumer<byte[], byte[]> consumer = consumer("ledger-view")) {
      consumer.assign(partitions);
      partitions.forEach(each -> consumer.seek(each, positions.get(each.partition())));
      while (!closed) {
        consumer.poll(POLL).forEach(this::take);
        partitions.forEach(each -> positions.set(each.partition(), consumer.position(each)));
        problem = null;
      }
    }
  }

  private Consumer<byte[], byte[]> consumer(String purpose) {
    Map<String, Object> settings = kafka.clientSettings("penstock-replayer-" + purpose);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return clients.consumer(settings);
  }

  /**
   * Takes in a record.
   *
   * @throws IllegalStateException when it can't be read: what it resolves would seem to be open
   */
  void take(ConsumerRecord<byte[], byte[]> record) {
    String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    if (key.startsWith(PLAN) && key.indexOf('/', PLAN.length()) >= 0) {
      // It says what a plan did not do.
      return;
    }
    if (record.value() == null) {
      forget(key, record.partition());
      return;
    }
    switch (JsonCodec.LEDGER.decode(record.value())) {
      case Decoded.Value<LedgerRecord>(LedgerRecord read) -> take(record.partition(), read);
      case Decoded.Refused<LedgerRecord>(String reason) ->
          throw new IllegalStateException(
              record.topic()
                  + " has a record in partition "
                  + record.partition()
                  + " at offset "
                  + record.offset()
                  + " that can't be read: "
                  + reason
                  + "; start a program that can read it");
    }
  }

  private void take(int partition, LedgerRecord record) {
    switch (record) {
      case LedgerRecord.Replayed each ->
          resolved.get(partition).put(each.offset(), Standing.REPLAYED);
      case LedgerRecord.Discarded each ->
          resolved.get(partition).put(each.offset(), Standing.DISCARDED);
      case LedgerRecord.Purged each -> resolved.get(partition).put(each.offset(), Standing.PURGED);
      case Progress last -> {
        synchronized (progress) {
          progress.computeIfAbsent(last.plan(), _ -> new HashMap<>()).put(partition, last);
        }
      }
      case LedgerRecord.Refused _ -> {
        // It says what a plan did not do.
      }
    }
  }

  private void forget(String key, int partition) {
    if (key.startsWith(PLAN)) {
      String plan = key.substring(PLAN.length());
      if (PlanId.isId(plan)) {
        synchronized (progress) {
          Map<Integer, Progress> known = progress.get(new PlanId(plan));
          if (known != null && known.remove(partition) != null && known.isEmpty()) {
            progress.remove(new PlanId(plan));
          }
        }
      }
    } else {
      LetterId.parse(partition + "-" + key)
          .ifPresent(id -> resolved.get(partition).put(id.offset(), Standing.OPEN));
    }
  }

  @Override
  public Standing of(int partition, long offset) {
    return partition < resolved.size() ? resolved.get(partition).of(offset) : Standing.OPEN;
  }

  /** How far the plan has come, by partition, as far as was read. */
  public Map<Integer, Progress> progress(PlanId plan) {
    synchronized (progress) {
      return Map.copyOf(progress.getOrDefault(plan, Map.of()));
    }
  }

  @Override
  public boolean catchUp(Duration patience) throws InterruptedException {
    Map<TopicPartition, Long> ends;
    try (Consumer<byte[], byte[]> consumer = consumer("ledger-ends")) {
      consumer.assign(partitions);
      ends = consumer.endOffsets(partitions, patience);
    } catch (InterruptException _) {
      var _ = Thread.interrupted();
      throw new InterruptedException("interrupted while the ends of the ledgers were asked for");
    } catch (org.apache.kafka.common.errors.TimeoutException _) {
      return false;
    }
    var deadline = clock.instant().plus(patience);
    while (!isAt(ends)) {
      if (closed || !clock.instant().isBefore(deadline)) {
        return false;
      }
      Thread.sleep(STEP);
    }
    return true;
  }

  private boolean isAt(Map<TopicPartition, Long> ends) {
    return partitions.stream()
        .allMatch(
            each -> positions.get(each.partition()) >= Objects.requireNonNull(ends.get(each)));
  }

  /** Why the ledgers are not followed; null while they are. */
  public @Nullable String problem() {
    return problem;
  }

  @Override
  public void close() {
    closed = true;
  }
}
