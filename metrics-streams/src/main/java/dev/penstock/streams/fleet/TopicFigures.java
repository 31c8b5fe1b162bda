package dev.penstock.streams.fleet;

import dev.penstock.streams.view.Input;
import dev.penstock.topic.TopicSpec;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.jspecify.annotations.Nullable;

/**
 * What Kafka tells of the topics, asked at most every 2 s however many want to know. Thread-safe.
 */
final class TopicFigures {
  /** What was asked is good for so long. */
  static final Duration FRESH = Duration.ofSeconds(2);

  private static final Duration CONFIG_FRESH = Duration.ofMinutes(1);
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  private final Topics topics;
  private final Admin admin;
  private final InstantSource clock;
  private final Map<String, List<String>> readers;

  /** Who holds it asks Kafka; the others wait for what it is told. */
  private final ReentrantLock asking = new ReentrantLock();

  private final AtomicBoolean refreshing = new AtomicBoolean();

  private volatile @Nullable TopicsAnswer last;

  /** Why Kafka did not answer when it was asked last, beside requests; null where it did. */
  private volatile @Nullable String failure;

  private Map<String, Integer> minInSync = Map.of();
  private Instant configAt = Instant.MIN;

  /**
   * What was told last.
   *
   * @param failure why nothing newer is known, or null
   */
  record Lately(@Nullable TopicsAnswer answer, @Nullable String failure) {}

  /** Kafka did not answer. */
  static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1L;

    Unavailable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  TopicFigures(Topics topics, Admin admin, InstantSource clock) {
    this.topics = topics;
    this.admin = admin;
    this.clock = clock;
    this.readers = readers(topics);
  }

  /** The groups that read each topic and commit how far, the one that it is for first. */
  private static Map<String, List<String>> readers(Topics topics) {
    var readers = new HashMap<String, List<String>>();
    topics.claimed().forEach(topic -> add(readers, topic, topics.workerGroup()));
    topics.holdTopics().forEach(topic -> add(readers, topic, topics.holdGroup()));
    add(readers, topics.ordered(), topics.orderApplication());
    for (Input input : Input.values()) {
      add(readers, input.topic(topics), topics.streamsApplication());
    }
    return readers;
  }

  private static void add(Map<String, List<String>> readers, String topic, String group) {
    readers.computeIfAbsent(topic, _ -> new ArrayList<>()).add(group);
  }

  /** The figures, no older than {@link #FRESH}. */
  TopicsAnswer now() throws Unavailable, InterruptedException {
    return notOlderThan(FRESH);
  }

  TopicsAnswer notOlderThan(Duration age) throws Unavailable, InterruptedException {
    TopicsAnswer known = last;
    if (known != null && isYounger(known, age)) {
      return known;
    }
    asking.lockInterruptibly();
    try {
      known = last;
      if (known != null && isYounger(known, age)) {
        return known;
      }
      TopicsAnswer asked = ask();
      last = asked;
      return asked;
    } finally {
      asking.unlock();
    }
  }

  /**
   * What is known without asking; when that is older than {@code age}, Kafka is asked meanwhile.
   * Never blocks.
   */
  Lately lately(Duration age) {
    TopicsAnswer known = last;
    boolean stale = known == null || !isYounger(known, age);
    if (stale && refreshing.compareAndSet(false, true)) {
      Thread.ofVirtual().name("streams-topics").start(() -> refresh(age));
    }
    return new Lately(known, failure);
  }

  private void refresh(Duration age) {
    try {
      var _ = notOlderThan(age);
      failure = null;
    } catch (Unavailable e) {
      failure = String.valueOf(e.getMessage());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // The client is closed, or broken: either way nothing is told.
      failure = "Kafka can't be asked for its topics: " + e;
    } finally {
      refreshing.set(false);
    }
  }

  private boolean isYounger(TopicsAnswer answer, Duration age) {
    return Duration.between(answer.at(), clock.instant()).compareTo(age) < 0;
  }

  private TopicsAnswer ask() throws Unavailable, InterruptedException {
    Instant at = clock.instant();
    List<TopicSpec> specs = topics.all();
    List<String> names = specs.stream().map(TopicSpec::name).toList();
    var described = admin.describeTopics(names).allTopicNames();
    var earliest = new HashMap<TopicPartition, OffsetSpec>();
    var latest = new HashMap<TopicPartition, OffsetSpec>();
    for (TopicSpec spec : specs) {
      for (int i = 0; i < spec.partitions(); i++) {
        earliest.put(new TopicPartition(spec.name(), i), OffsetSpec.earliest());
        latest.put(new TopicPartition(spec.name(), i), OffsetSpec.latest());
      }
    }
    ListOffsetsResult starts = admin.listOffsets(earliest);
    ListOffsetsResult ends = admin.listOffsets(latest);
    List<String> groups = readers.values().stream().flatMap(List::stream).distinct().toList();
    var wanted = new HashMap<String, ListConsumerGroupOffsetsSpec>();
    groups.forEach(group -> wanted.put(group, new ListConsumerGroupOffsetsSpec()));
    ListConsumerGroupOffsetsResult offsets = admin.listConsumerGroupOffsets(wanted);
    askConfig(at, names);
    Map<String, TopicDescription> descriptions = await(described);
    var committed = new HashMap<String, Map<TopicPartition, OffsetAndMetadata>>();
    for (String group : groups) {
      committed.put(group, committed(offsets, group));
    }
    var shown = new ArrayList<TopicsAnswer.Topic>();
    for (TopicSpec spec : specs) {
      TopicDescription description = descriptions.get(spec.name());
      if (description != null) {
        shown.add(topic(description, starts, ends, committed));
      }
    }
    return new TopicsAnswer(at, List.copyOf(shown));
  }

  private TopicsAnswer.Topic topic(
      TopicDescription description,
      ListOffsetsResult starts,
      ListOffsetsResult ends,
      Map<String, Map<TopicPartition, OffsetAndMetadata>> committed)
      throws InterruptedException {
    List<String> groups = readers.getOrDefault(description.name(), List.of());
    var lags = new HashMap<String, Long>();
    var partitions = new ArrayList<TopicsAnswer.Partition>();
    List<TopicPartitionInfo> infos =
        description.partitions().stream()
            .sorted(Comparator.comparingInt(TopicPartitionInfo::partition))
            .toList();
    for (TopicPartitionInfo info : infos) {
      var partition = new TopicPartition(description.name(), info.partition());
      Long start = offset(starts, partition);
      Long end = offset(ends, partition);
      for (String group : groups) {
        Long lag = lag(committed.get(group), partition, end);
        if (lag != null) {
          lags.merge(group, lag, Long::sum);
        }
      }
      String group = groups.isEmpty() ? null : groups.getFirst();
      var its = group == null ? null : committed.get(group);
      OffsetAndMetadata at = its == null ? null : its.get(partition);
      partitions.add(
          new TopicsAnswer.Partition(
              info.partition(),
              start,
              end,
              at == null ? null : Long.valueOf(at.offset()),
              lag(its, partition, end),
              info.leader() == null || info.leader().isEmpty() ? null : info.leader().id(),
              info.isr().stream().map(node -> node.id()).sorted().toList(),
              info.replicas().size()));
    }
    return new TopicsAnswer.Topic(
        description.name(),
        List.copyOf(partitions),
        groups.isEmpty() ? null : groups.getFirst(),
        groups.isEmpty() ? null : lags.get(groups.getFirst()),
        minInSync.getOrDefault(description.name(), 1),
        groups.stream()
            .skip(1)
            .filter(lags::containsKey)
            .map(group -> new TopicsAnswer.Reader(group, lags.getOrDefault(group, 0L)))
            .toList());
  }

  private static @Nullable Long lag(
      @Nullable Map<TopicPartition, OffsetAndMetadata> committed,
      TopicPartition partition,
      @Nullable Long end) {
    OffsetAndMetadata offset = committed == null ? null : committed.get(partition);
    return offset == null || end == null ? null : Long.valueOf(Math.max(0, end - offset.offset()));
  }

  /** Null where the partition has nobody who can tell. */
  private static @Nullable Long offset(ListOffsetsResult result, TopicPartition partition)
      throws InterruptedException {
    try {
      ListOffsetsResultInfo info =
          result.partitionResult(partition).get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
      return info.offset();
    } catch (ExecutionException | TimeoutException _) {
      return null;
    }
  }

  private static Map<TopicPartition, OffsetAndMetadata> committed(
      ListConsumerGroupOffsetsResult offsets, String group)
      throws Unavailable, InterruptedException {
    try {
      return offsets
          .partitionsToOffsetAndMetadata(group)
          .get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return Map.of();
      }
      throw unavailable(e);
    } catch (TimeoutException e) {
      throw unavailable(e);
    }
  }

  private void askConfig(Instant now, List<String> names) throws Unavailable, InterruptedException {
    if (now.isBefore(configAt.plus(CONFIG_FRESH))) {
      return;
    }
    Map<ConfigResource, Config> configs =
        await(
            admin
                .describeConfigs(
                    names.stream()
                        .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                        .toList())
                .all());
    var least = new HashMap<String, Integer>();
    configs.forEach((topic, config) -> {
      ConfigEntry entry = config.get("min.insync.replicas");
      if (entry != null && entry.value() != null) {
        least.put(topic.name(), Integer.parseInt(entry.value()));
      }
    });
    minInSync = Map.copyOf(least);
    configAt = now;
  }

  private static <T> T await(KafkaFuture<T> future) throws Unavailable, InterruptedException {
    try {
      return future.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw unavailable(e);
    }
  }

  private static Unavailable unavailable(Exception e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return new Unavailable("Kafka does not tell of its topics: " + cause, e);
  }
}
