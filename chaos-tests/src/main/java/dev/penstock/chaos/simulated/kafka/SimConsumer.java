package dev.penstock.chaos.simulated.kafka;

import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import dev.penstock.chaos.simulated.strand.Strand;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.jspecify.annotations.Nullable;

/**
 * A consumer: of assigned partitions, or as a member of a group of the protocol {@code consumer}.
 * Its heartbeats go out on a strand of their own; callbacks run inside {@link #poll}.
 */
public class SimConsumer implements Consumer<byte[], byte[]> {
  private static final Duration DEFAULT_API_TIMEOUT = Duration.ofMinutes(1);
  private static final long UNKNOWN = -1;

  private final SimKafka kafka;
  private final Scheduler scheduler;
  private final SimProcess process;
  private final Requests requests;
  private final String client;
  private final String groupName;
  private final String memberId;
  private final boolean committedOnly;
  private final boolean mayReset;
  private final int maxPollRecords;
  private final long maxPollIntervalNanos;

  private final Map<TopicPartition, Long> positions = new LinkedHashMap<>();
  private final Set<TopicPartition> paused = new LinkedHashSet<>();
  private Set<String> topics = Set.of();
  private @Nullable ConsumerRebalanceListener listener;
  private ConsumerGroupMetadata metadata;
  private @Nullable Strand heart;
  private @Nullable Strand waiting;
  private boolean heartbeatNow;
  private boolean listening;

  /** The epoch as a member; 0 to join. */
  private int epoch;

  /** What the coordinator wants us to have; null before it has said so. */
  private @Nullable Set<TopicPartition> told;

  /** Whether we are out of the group and our partitions are lost. */
  private boolean fenced;

  private long polledAt;
  private boolean woken;
  private boolean closed;

  /** A consumer with Kafka's own settings, in a process. */
  public SimConsumer(SimKafka kafka, SimProcess process, Map<String, Object> settings) {
    this.kafka = kafka;
    this.scheduler = kafka.scheduler();
    this.process = process;
    this.client = Settings.text(settings, "client.id", "consumer");
    this.groupName = Settings.text(settings, "group.id", "");
    this.memberId = kafka.newMemberId(process);
    this.metadata = metadata(-1, "");
    this.committedOnly =
        Settings.text(settings, "isolation.level", "read_uncommitted").equals("read_committed");
    this.mayReset = !Settings.text(settings, "auto.offset.reset", "latest").equals("none");
    this.maxPollRecords = (int) Settings.number(settings, "max.poll.records", 500);
    this.maxPollIntervalNanos =
        Settings.millis(settings, "max.poll.interval.ms", 300_000).toNanos();
    this.requests =
        new Requests(
            kafka,
            process,
            client,
            Settings.millis(settings, "request.timeout.ms", 30_000),
            Settings.millis(settings, "retry.backoff.ms", 100));
  }

  /** Only Kafka's own clients are to make such metadata, and this is one. */
  @SuppressWarnings("removal")
  private ConsumerGroupMetadata metadata(int memberEpoch, String member) {
    return new ConsumerGroupMetadata(groupName, memberEpoch, member, Optional.empty());
  }

  // Membership

  @Override
  public void subscribe(Collection<String> names, ConsumerRebalanceListener callbacks) {
    topics = new LinkedHashSet<>(names);
    listener = callbacks;
    polledAt = scheduler.now();
    heart = scheduler.strand(process, client + "/heart", this::beat);
    scheduler.start(heart);
  }

  @Override
  public void subscribe(Collection<String> names) {
    subscribe(
        names,
        new ConsumerRebalanceListener() {
          @Override
          public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

          @Override
          public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
        });
  }

  /** What the consumer's network thread does: stays a member while the application polls. */
  private void beat() {
    while (!closed) {
      heartbeatNow = false;
      if (!fenced) {
        if (epoch > 0 && scheduler.now() - polledAt > maxPollIntervalNanos) {
          leave();
          fence();
        } else {
          heartbeat();
        }
      }
      if (!heartbeatNow && !closed) {
        scheduler.park(scheduler.now() + kafka.heartbeatNanos());
      }
    }
  }

  private void heartbeat() {
    Set<TopicPartition> owned = new LinkedHashSet<>(positions.keySet());
    int asEpoch = epoch;
    try {
      Group.Told answer =
          requests.ask(
              Network.Api.HEARTBEAT,
              Duration.ofNanos(kafka.sessionNanos()),
              () -> closed,
              () -> kafka.group(groupName).heartbeat(memberId, asEpoch, topics, owned));
      if (closed || fenced || epoch != asEpoch) {
        return;
      }
      epoch = answer.epoch();
      metadata = metadata(epoch, memberId);
      told = answer.partitions();
      wakePoll();
    } catch (Refusal _) {
      fence();
    } catch (TimeoutException | Requests.Cut _) {
      // The next heartbeat tries again; the session goes on or not.
    }
  }

  private void fence() {
    fenced = true;
    told = null;
    wakePoll();
  }

  private void wakePoll() {
    if (waiting != null) {
      scheduler.wake(waiting);
    }
  }

  private void beatNow() {
    heartbeatNow = true;
    if (heart != null) {
      scheduler.wake(heart);
    }
  }

  private void leave() {
    try {
      var _ =
          requests.ask(
              Network.Api.HEARTBEAT,
              Duration.ofSeconds(2),
              () -> false,
              () -> {
                kafka.group(groupName).leave(memberId);
                return true;
              });
    } catch (TimeoutException _) {
      // The session's end does the same.
    }
  }

  /** Moves from what we have to what we are told, with callbacks. */
  private void reconcile() {
    ConsumerRebalanceListener callbacks = listener;
    if (callbacks == null) {
      return;
    }
    if (fenced) {
      Set<TopicPartition> lost = new LinkedHashSet<>(positions.keySet());
      if (!lost.isEmpty()) {
        calling(() -> callbacks.onPartitionsLost(lost));
      }
      lost.forEach(this::drop);
      fenced = false;
      epoch = 0;
      beatNow();
      return;
    }
    Set<TopicPartition> wanted = told;
    if (wanted == null || wanted.equals(positions.keySet())) {
      return;
    }
    var removed = new LinkedHashSet<>(positions.keySet());
    removed.removeAll(wanted);
    var added = new LinkedHashSet<>(wanted);
    added.removeAll(positions.keySet());
    if (!removed.isEmpty()) {
      calling(() -> callbacks.onPartitionsRevoked(removed));
      removed.forEach(this::drop);
    }
    if (fenced) {
      return;
    }
    added.forEach(partition -> positions.put(partition, UNKNOWN));
    calling(() -> callbacks.onPartitionsAssigned(added));
    beatNow();
  }

  private void drop(TopicPartition partition) {
    positions.remove(partition);
    paused.remove(partition);
  }

  private void calling(Runnable callback) {
    listening = true;
    try {
      callback.run();
    } catch (RuntimeException e) {
      throw new KafkaException("User rebalance callback throws an error", e);
    } finally {
      listening = false;
    }
  }

  // Reading

  @Override
  public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    checkOpen();
    if (listening) {
      throw new IllegalStateException("poll inside of a callback");
    }
    polledAt = scheduler.now();
    long deadline = scheduler.now() + timeout.toNanos();
    while (true) {
      throwIfWoken();
      reconcile();
      findPositions();
      if (hasMore()) {
        Network.Way way = kafka.network().way(client, Network.Api.FETCH);
        scheduler.sleep(way.thereNanos() + way.backNanos());
        var records = take();
        if (records != null) {
          return records;
        }
      }
      if (scheduler.now() >= deadline) {
        return ConsumerRecords.empty();
      }
      waitUntil(deadline);
    }
  }

  private void waitUntil(long deadline) {
    Strand me = scheduler.me();
    waiting = me;
    kafka.onNextAppend(me, () -> scheduler.wake(me));
    scheduler.park(deadline);
    waiting = null;
  }

  private boolean isFetchable(TopicPartition partition, long position) {
    return position != UNKNOWN
        && !paused.contains(partition)
        && (told == null || listener == null || told.contains(partition))
        && !fenced
        && position < readableEnd(partition)
        && kafka.network().delivers(client, partition.topic());
  }

  private long readableEnd(TopicPartition partition) {
    SimLog log = kafka.log(partition);
    return committedOnly ? log.lastStable() : log.end();
  }

  private boolean hasMore() {
    for (Map.Entry<TopicPartition, Long> each : positions.entrySet()) {
      if (isFetchable(each.getKey(), each.getValue())) {
        return true;
      }
    }
    return false;
  }

  /** What one poll brings; null when nothing moved after all. */
  private @Nullable ConsumerRecords<byte[], byte[]> take() {
    var found = new LinkedHashMap<TopicPartition, List<ConsumerRecord<byte[], byte[]>>>();
    int room = Math.min(maxPollRecords, 1 + (int) scheduler.below(50));
    boolean moved = false;
    for (Map.Entry<TopicPartition, Long> each : positions.entrySet()) {
      TopicPartition partition = each.getKey();
      long from = each.getValue();
      if (room <= 0 || !isFetchable(partition, from)) {
        continue;
      }
      SimLog log = kafka.log(partition);
      if (from > log.end()) {
        throw new OffsetOutOfRangeException(Map.of(partition, from));
      }
      long to = readableEnd(partition);
      var records = log.read(from, to, room, committedOnly);
      // After records, markers are passed with this poll or with the next one.
      boolean passes = records.isEmpty() || (records.size() < room && scheduler.below(2) == 0);
      each.setValue(passes ? to : records.getLast().offset() + 1);
      moved = true;
      room -= records.size();
      if (!records.isEmpty()) {
        found.put(partition, records);
      }
    }
    return moved ? new ConsumerRecords<>(found, new HashMap<>()) : null;
  }

  private void findPositions() {
    for (Map.Entry<TopicPartition, Long> each : positions.entrySet()) {
      if (each.getValue() == UNKNOWN) {
        each.setValue(findPosition(each.getKey()));
      }
    }
  }

  private long findPosition(TopicPartition partition) {
    if (listener == null || groupName.isEmpty()) {
      return 0;
    }
    Group group = kafka.group(groupName);
    if (group.offsets().isUnstable(partition)) {
      return UNKNOWN;
    }
    OffsetAndMetadata committed = group.offsets().get(partition);
    if (committed != null) {
      return committed.offset();
    }
    if (!mayReset) {
      throw new NoOffsetForPartitionException(Set.of(partition));
    }
    return 0;
  }

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    checkOpen();
    positions.clear();
    partitions.forEach(partition -> positions.put(partition, UNKNOWN));
  }

  @Override
  public void seek(TopicPartition partition, long offset) {
    checkAssigned(List.of(partition));
    positions.put(partition, offset);
  }

  @Override
  public void seek(TopicPartition partition, OffsetAndMetadata offset) {
    seek(partition, offset.offset());
  }

  @Override
  public void seekToBeginning(Collection<TopicPartition> partitions) {
    partitions.forEach(partition -> seek(partition, 0));
  }

  @Override
  public void seekToEnd(Collection<TopicPartition> partitions) {
    partitions.forEach(partition -> seek(partition, readableEnd(partition)));
  }

  @Override
  public long position(TopicPartition partition) {
    return position(partition, DEFAULT_API_TIMEOUT);
  }

  @Override
  public long position(TopicPartition partition, Duration timeout) {
    checkAssigned(List.of(partition));
    long deadline = scheduler.now() + timeout.toNanos();
    while (true) {
      long position = Objects.requireNonNull(positions.get(partition));
      if (position != UNKNOWN) {
        return position;
      }
      throwIfWoken();
      if (scheduler.now() >= deadline) {
        throw new TimeoutException("simulated: the position of " + partition + " is not known yet");
      }
      findPositions();
      scheduler.park(Math.min(deadline, scheduler.now() + 10_000_000));
    }
  }

  @Override
  public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
    return committed(partitions, DEFAULT_API_TIMEOUT);
  }

  @Override
  @SuppressWarnings("NullAway") // Kafka's answer has null for partitions without an offset
  public Map<TopicPartition, OffsetAndMetadata> committed(
      Set<TopicPartition> partitions, Duration timeout) {
    var asked = new LinkedHashSet<>(partitions);
    var found =
        wakeable(Network.Api.FETCH_OFFSETS, timeout, () -> kafka.group(groupName).stable(asked));
    var all = new HashMap<TopicPartition, OffsetAndMetadata>();
    asked.forEach(partition -> all.put(partition, found.get(partition)));
    return all;
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
    return endOffsets(partitions, DEFAULT_API_TIMEOUT);
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(
      Collection<TopicPartition> partitions, Duration timeout) {
    return wakeable(
        Network.Api.LIST_OFFSETS,
        timeout,
        () -> {
          var ends = new HashMap<TopicPartition, Long>();
          partitions.forEach(partition -> ends.put(partition, readableEnd(partition)));
          return ends;
        });
  }

  private <T> T wakeable(Network.Api api, Duration timeout, Supplier<T> atBroker) {
    checkOpen();
    throwIfWoken();
    waiting = scheduler.me();
    try {
      return requests.ask(api, timeout, () -> woken, atBroker);
    } catch (Requests.Cut _) {
      woken = false;
      throw new WakeupException();
    } finally {
      waiting = null;
    }
  }

  private void throwIfWoken() {
    if (woken) {
      woken = false;
      throw new WakeupException();
    }
  }

  @Override
  public void wakeup() {
    woken = true;
    wakePoll();
  }

  @Override
  public Set<TopicPartition> assignment() {
    return new LinkedHashSet<>(positions.keySet());
  }

  @Override
  public Set<TopicPartition> paused() {
    return new LinkedHashSet<>(paused);
  }

  @Override
  public void pause(Collection<TopicPartition> partitions) {
    checkAssigned(partitions);
    paused.addAll(partitions);
  }

  @Override
  public void resume(Collection<TopicPartition> partitions) {
    checkAssigned(partitions);
    paused.removeAll(new LinkedHashSet<>(partitions));
  }

  private void checkAssigned(Collection<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      if (!positions.containsKey(partition)) {
        throw new IllegalStateException("No current assignment for partition " + partition);
      }
    }
  }

  @Override
  public ConsumerGroupMetadata groupMetadata() {
    return metadata;
  }

  @Override
  public Set<String> subscription() {
    return topics;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("This consumer has already been closed.");
    }
  }

  @Override
  public void close(CloseOptions options) {
    close();
  }

  @Override
  @Deprecated
  @SuppressWarnings("InlineMeSuggester")
  public void close(Duration timeout) {
    close();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    ConsumerRebalanceListener callbacks = listener;
    try {
      if (callbacks != null && !positions.isEmpty()) {
        Set<TopicPartition> owned = new LinkedHashSet<>(positions.keySet());
        calling(
            metadata.generationId() > 0
                ? () -> callbacks.onPartitionsRevoked(owned)
                : () -> callbacks.onPartitionsLost(owned));
      }
    } finally {
      positions.clear();
      closed = true;
      beatNow();
      if (callbacks != null) {
        leave();
      }
    }
  }

  /** Nothing is taken from the logs here. */
  @Override
  public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
    return beginningOffsets(partitions, DEFAULT_API_TIMEOUT);
  }

  @Override
  public Map<TopicPartition, Long> beginningOffsets(
      Collection<TopicPartition> partitions, Duration timeout) {
    return wakeable(
        Network.Api.LIST_OFFSETS,
        timeout,
        () -> {
          var begins = new HashMap<TopicPartition, Long>();
          partitions.forEach(partition -> begins.put(partition, 0L));
          return begins;
        });
  }

  // What nobody uses

  private static UnsupportedOperationException notSimulated() {
    return new UnsupportedOperationException("not simulated");
  }

  @Override
  public void subscribe(Pattern pattern, ConsumerRebalanceListener callbacks) {
    throw notSimulated();
  }

  @Override
  public void subscribe(Pattern pattern) {
    throw notSimulated();
  }

  @Override
  public void subscribe(SubscriptionPattern pattern, ConsumerRebalanceListener callbacks) {
    throw notSimulated();
  }

  @Override
  public void subscribe(SubscriptionPattern pattern) {
    throw notSimulated();
  }

  @Override
  public void unsubscribe() {
    throw notSimulated();
  }

  @Override
  public void commitSync() {
    throw notSimulated();
  }

  @Override
  public void commitSync(Duration timeout) {
    throw notSimulated();
  }

  @Override
  public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
    throw notSimulated();
  }

  @Override
  public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
    throw notSimulated();
  }

  @Override
  public void commitAsync() {
    throw notSimulated();
  }

  @Override
  public void commitAsync(OffsetCommitCallback callback) {
    throw notSimulated();
  }

  @Override
  public void commitAsync(
      Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
    throw notSimulated();
  }

  @Override
  public void registerMetricForSubscription(KafkaMetric metric) {
    throw notSimulated();
  }

  @Override
  public void unregisterMetricFromSubscription(KafkaMetric metric) {
    throw notSimulated();
  }

  @Override
  public Uuid clientInstanceId(Duration timeout) {
    throw notSimulated();
  }

  @Override
  public Map<MetricName, ? extends Metric> metrics() {
    return Map.of();
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    throw notSimulated();
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
    throw notSimulated();
  }

  @Override
  public Map<String, List<PartitionInfo>> listTopics() {
    throw notSimulated();
  }

  @Override
  public Map<String, List<PartitionInfo>> listTopics(Duration timeout) {
    throw notSimulated();
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
      Map<TopicPartition, Long> timestamps) {
    throw notSimulated();
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
      Map<TopicPartition, Long> timestamps, Duration timeout) {
    throw notSimulated();
  }

  @Override
  public OptionalLong currentLag(TopicPartition partition) {
    throw notSimulated();
  }

  @Override
  public void enforceRebalance() {
    throw notSimulated();
  }

  @Override
  public void enforceRebalance(String reason) {
    throw notSimulated();
  }
}
