package dev.penstock.chaos.simulated.kafka;

import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** A Kafka cluster in memory. Lives on the strands of one scheduler. */
public final class SimKafka {
  private final Scheduler scheduler;
  private final Network network;
  private final Timing timing;
  private final Instant epoch;
  private final Map<String, List<SimLog>> topics = new LinkedHashMap<>();
  private final Map<String, Uuid> ids = new HashMap<>();
  private final Map<String, Group> groups = new HashMap<>();
  private final Transactions transactions = new Transactions(this);
  private final Map<Object, Runnable> onAppend = new LinkedHashMap<>();
  private TransactionWatcher watcher = (_, _) -> {};
  private final Map<String, SimProcess> members = new HashMap<>();

  /**
   * The cluster's settings.
   *
   * @param session {@code group.consumer.session.timeout.ms}
   * @param heartbeat {@code group.consumer.heartbeat.interval.ms}
   * @param timeoutScan {@code transaction.abort.timed.out.transaction.cleanup.interval.ms}
   */
  public record Timing(Duration session, Duration heartbeat, Duration timeoutScan) {}

  /** Is told what became of transactions, at the moment at which it is decided. */
  public interface TransactionWatcher {
    void ended(String transactionalId, boolean committed);
  }

  /**
   * An empty cluster.
   *
   * @param epoch the time of day at the scheduler's 0
   */
  public SimKafka(Scheduler scheduler, Network network, Timing timing, Instant epoch) {
    this.scheduler = scheduler;
    this.network = network;
    this.timing = timing;
    this.epoch = epoch;
  }

  public void createTopic(String name, int partitions) {
    var logs = new ArrayList<SimLog>();
    for (int i = 0; i < partitions; i++) {
      logs.add(new SimLog(new TopicPartition(name, i)));
    }
    topics.put(name, logs);
    ids.put(name, new Uuid(0x70656e73746f636bL, topics.size()));
  }

  /** A producer as {@code KafkaProducer} would be with these settings, within a process. */
  public SimProducer producer(SimProcess process, Map<String, Object> settings) {
    return new SimProducer(this, process, settings);
  }

  /** A consumer as {@code KafkaConsumer} would be with these settings, within a process. */
  public SimConsumer consumer(SimProcess process, Map<String, Object> settings) {
    return new SimConsumer(this, process, settings);
  }

  /** What a topic is known by, even when another one had its name. */
  public Uuid topicId(String topic) {
    return Objects.requireNonNull(ids.get(topic), topic);
  }

  public void watchTransactions(TransactionWatcher next) {
    watcher = next;
  }

  // For whoever looks at the cluster from the outside

  /** The logs of a topic. */
  public List<SimLog> logs(String topic) {
    return Objects.requireNonNull(topics.get(topic), () -> "there is no topic " + topic);
  }

  public SimLog log(TopicPartition partition) {
    return logs(partition.topic()).get(partition.partition());
  }

  /** Appends at once, outside of transactions. */
  public long append(
      TopicPartition partition, byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
    return append(partition, new SimLog.Data(key, value, headers), null);
  }

  /** The committed offset, whatever open transactions want; null when there is none. */
  public @Nullable OffsetAndMetadata committed(String group, TopicPartition partition) {
    return group(group).offsets().get(partition);
  }

  /** Whether an open transaction, or one without its marker, is about to change the offset. */
  public boolean isUnstable(String group, TopicPartition partition) {
    return group(group).offsets().isUnstable(partition);
  }

  /** Commits as an administrator does. */
  public void commit(String group, TopicPartition partition, OffsetAndMetadata offset) {
    group(group).offsets().commit(partition, offset);
  }

  /** Forgets a committed offset, as after {@code offsets.retention.minutes}. */
  public void expire(String group, TopicPartition partition) {
    group(group).offsets().expire(partition);
  }

  /**
   * Who has a partition, by the coordinator.
   *
   * @param sinceNanos since when, by the scheduler's clock
   */
  public record Owner(String member, long sinceNanos) {}

  public Optional<Owner> owner(String group, TopicPartition partition) {
    return group(group).owner(partition);
  }

  /** The process of a member. */
  public SimProcess process(String member) {
    return Objects.requireNonNull(members.get(member), member);
  }

  /** How often the group's members have changed. */
  public int epoch(String group) {
    return group(group).epoch();
  }

  // For the clients

  Scheduler scheduler() {
    return scheduler;
  }

  Network network() {
    return network;
  }

  Transactions transactions() {
    return transactions;
  }

  Group group(String name) {
    return groups.computeIfAbsent(name, _ -> new Group(this));
  }

  String newMemberId(SimProcess process) {
    String id = "member-" + (members.size() + 1);
    members.put(id, process);
    return id;
  }

  long sessionNanos() {
    return timing.session().toNanos();
  }

  long heartbeatNanos() {
    return timing.heartbeat().toNanos();
  }

  long timeoutScanNanos() {
    return scheduler.below(timing.timeoutScan().toNanos());
  }

  int partitionCount(String topic) {
    return logs(topic).size();
  }

  List<TopicPartition> partitions(Collection<String> names) {
    var all = new ArrayList<TopicPartition>();
    for (String name : names) {
      logs(name).forEach(log -> all.add(log.partition()));
    }
    return all;
  }

  long append(TopicPartition partition, SimLog.Data data, @Nullable Transaction transaction) {
    long offset = log(partition).append(data, transaction, nowMillis());
    scheduler.note(partition.hashCode() * 31L + offset);
    appended(partition);
    return offset;
  }

  void writeMarker(TopicPartition partition, Transaction transaction) {
    log(partition).appendMarker(transaction, nowMillis());
    scheduler.note(
        partition.hashCode() * 37L + (transaction.fate() == Transaction.Fate.COMMITTED ? 1 : 2));
    appended(partition);
  }

  void ended(String transactionalId, Transaction transaction) {
    watcher.ended(transactionalId, transaction.fate() == Transaction.Fate.COMMITTED);
  }

  private long nowMillis() {
    return epoch.plusNanos(scheduler.now()).toEpochMilli();
  }

  private void appended(TopicPartition partition) {
    log(partition).note(scheduler.now());
    onAppend.values().forEach(Runnable::run);
    onAppend.clear();
  }

  /** Runs the one action of {@code whose} when something is appended next. */
  void onNextAppend(Object whose, Runnable action) {
    onAppend.put(whose, action);
  }
}
