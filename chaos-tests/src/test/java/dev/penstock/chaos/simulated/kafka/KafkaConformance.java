package dev.penstock.chaos.simulated.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the worker relies on in Kafka. The simulated one and the real one both pass. */
abstract class KafkaConformance {
  private static final Duration TURN = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** A cluster, as a test sees it. */
  interface Cluster {
    Producer<byte[], byte[]> producer(Map<String, Object> settings);

    Consumer<byte[], byte[]> consumer(Map<String, Object> settings);

    /** Makes a topic and commits offset 0 of its partitions for the group. */
    void createTopic(String topic, int partitions, String group);

    void deleteOffset(String group, TopicPartition partition);

    /** By the cluster's clock. */
    long nanoTime();

    void sleep(Duration duration);
  }

  /** What a test does with a cluster. */
  interface Body {
    void run(Cluster cluster);
  }

  /** Runs a test on a cluster, or the same test on several. */
  abstract void on(Body body);

  private static final AtomicInteger TESTS = new AtomicInteger();
  private final int test = TESTS.incrementAndGet();
  private final String topic = "topic-" + test;
  private final String group = "group-" + test;
  private final TopicPartition p0 = new TopicPartition(topic, 0);
  private final TopicPartition p1 = new TopicPartition(topic, 1);

  /** Remembers what it was told. */
  private static class Told implements ConsumerRebalanceListener {
    final List<TopicPartition> assigned = new ArrayList<>();
    final List<TopicPartition> revoked = new ArrayList<>();
    final List<TopicPartition> lost = new ArrayList<>();

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      assigned.addAll(partitions);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      revoked.addAll(partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      lost.addAll(partitions);
    }
  }

  // Transactions

  @Test
  void markersAndAbortedRecordsOccupyOffsetsAndPositionPassesThem() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var producer = transactional(cluster, "t");
          var reader = reader(cluster)) {
        producer.initTransactions();
        send(producer, p0, "a");
        producer.beginTransaction();
        sendNow(producer, p0, "b");
        producer.abortTransaction();
        send(producer, p0, "c");
        reader.assign(List.of(p0));
        reader.seekToBeginning(List.of(p0));
        var read = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        pollUntil(cluster, () -> reader.position(p0) == 6, reader, read);

        assertThat(texts(read)).containsExactly("a", "c");
        assertThat(read).extracting(ConsumerRecord::offset).containsExactly(0L, 4L);
        assertThat(reader.endOffsets(List.of(p0))).containsEntry(p0, 6L);
      }
    });
  }

  @Test
  void readersOfCommittedRecordsStopBeforeAnOpenTransaction() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var open = transactional(cluster, "open");
          var other = transactional(cluster, "other");
          var reader = reader(cluster)) {
        open.initTransactions();
        other.initTransactions();
        open.beginTransaction();
        sendNow(open, p0, "first");
        send(other, p0, "second");
        reader.assign(List.of(p0));
        reader.seekToBeginning(List.of(p0));
        var read = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        pollFor(cluster, Duration.ofSeconds(1), reader, read);
        assertThat(read).isEmpty();
        assertThat(reader.endOffsets(List.of(p0))).containsEntry(p0, 0L);

        open.commitTransaction();
        pollUntil(cluster, () -> read.size() == 2, reader, read);
        assertThat(texts(read)).containsExactly("first", "second");
      }
    });
  }

  @Test
  void aSuccessorEndsTheOpenTransactionAndFencesItsPredecessor() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var predecessor = transactional(cluster, "same");
          var successor = transactional(cluster, "same");
          var reader = reader(cluster)) {
        predecessor.initTransactions();
        predecessor.beginTransaction();
        sendNow(predecessor, p0, "never");
        successor.initTransactions();
        send(successor, p0, "new");

        assertThatThrownBy(predecessor::commitTransaction)
            .isInstanceOf(ProducerFencedException.class);
        reader.assign(List.of(p0));
        reader.seekToBeginning(List.of(p0));
        var read = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        pollUntil(cluster, () -> !read.isEmpty(), reader, read);
        assertThat(texts(read)).containsExactly("new");
      }
    });
  }

  @Test
  void aTransactionThatTimedOutIsAbortedAndCannotBeCommitted() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var producer = transactional(cluster, "slow", Map.of("transaction.timeout.ms", 1_000));
          var reader = reader(cluster)) {
        producer.initTransactions();
        producer.beginTransaction();
        sendNow(producer, p0, "late");
        awaitTrue(cluster, () -> reader.endOffsets(List.of(p0)).getOrDefault(p0, 0L) == 2);

        assertThatThrownBy(producer::commitTransaction).isInstanceOf(KafkaException.class);
        assertThatThrownBy(producer::beginTransaction)
            .isInstanceOfAny(KafkaException.class, IllegalStateException.class);
      }
    });
  }

  @Test
  void anAbortedTransactionCommitsNoOffsets() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var producer = transactional(cluster, "t");
          var reader = member(cluster)) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.sendOffsetsToTransaction(offset(p0, 7), anyone());
        producer.abortTransaction();
        assertThat(committed(cluster, reader, p0).offset()).isZero();
        producer.beginTransaction();
        producer.sendOffsetsToTransaction(offset(p0, 8), anyone());
        producer.commitTransaction();
        assertThat(committed(cluster, reader, p0).offset()).isEqualTo(8);
      }
    });
  }

  @Test
  void offsetsThatAnOpenTransactionHoldsAreWaitedForAndMetadataComesBack() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var producer = transactional(cluster, "t");
          var reader = member(cluster)) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.sendOffsetsToTransaction(
            Map.of(p0, new OffsetAndMetadata(5, "what is finished")), anyone());
        assertThatThrownBy(() -> reader.committed(Set.of(p0), Duration.ofMillis(500)))
            .isInstanceOf(TimeoutException.class);
        producer.commitTransaction();
        OffsetAndMetadata committed = committed(cluster, reader, p0);
        assertThat(committed.offset()).isEqualTo(5);
        assertThat(committed.metadata()).isEqualTo("what is finished");
      }
    });
  }

  @Test
  void metadataThatIsTooLongEndsTheProducer() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var producer = transactional(cluster, "t");
          var reader = member(cluster)) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.sendOffsetsToTransaction(
            Map.of(p0, new OffsetAndMetadata(5, "x".repeat(4096))), anyone());
        producer.commitTransaction();
        assertThat(committed(cluster, reader, p0).offset()).isEqualTo(5);
        producer.beginTransaction();
        assertThatThrownBy(() ->
                producer.sendOffsetsToTransaction(
                    Map.of(p0, new OffsetAndMetadata(6, "x".repeat(4097))), anyone()))
            .isInstanceOf(KafkaException.class);
        assertThatThrownBy(producer::abortTransaction).isInstanceOf(KafkaException.class);
      }
    });
  }

  // Groups

  @Test
  void aPartitionMovesOnlyAfterItsOwnerHasLetItGoInItsCallback() {
    on(cluster -> {
      cluster.createTopic(topic, 2, group);
      try (var first = member(cluster);
          var second = member(cluster)) {
        var inCallback = new ArrayList<Set<TopicPartition>>();
        var told =
            new Told() {
              @Override
              public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                super.onPartitionsRevoked(partitions);
                if (inCallback.isEmpty()) {
                  pollFor(cluster, Duration.ofSeconds(3), second, new ArrayList<>());
                  inCallback.add(second.assignment());
                }
              }
            };
        first.subscribe(List.of(topic), told);
        pollUntil(cluster, () -> first.assignment().size() == 2, first);
        second.subscribe(List.of(topic), new Told());
        pollUntil(
            cluster,
            () -> first.assignment().size() == 1 && second.assignment().size() == 1,
            first,
            second);

        assertThat(inCallback).containsExactly(Set.of());
        assertThat(told.revoked).hasSize(1);
        assertThat(told.lost).isEmpty();
        assertThat(second.assignment()).containsExactlyElementsOf(told.revoked);
      }
    });
  }

  @Test
  void partitionsThatAreAssignedWhileOthersArePausedArriveUnpaused() {
    on(cluster -> {
      cluster.createTopic(topic, 2, group);
      try (var first = member(cluster)) {
        var second = member(cluster);
        first.subscribe(List.of(topic), new Told());
        second.subscribe(List.of(topic), new Told());
        pollUntil(
            cluster,
            () -> first.assignment().size() == 1 && second.assignment().size() == 1,
            first,
            second);
        Set<TopicPartition> before = first.assignment();
        first.pause(before);
        second.close();
        pollUntil(cluster, () -> first.assignment().size() == 2, first);
        assertThat(first.paused()).isEqualTo(before);
      }
    });
  }

  @Test
  void aKeptPartitionMayBeCommittedWithAnOldEpochALostOneMayNot() {
    on(cluster -> {
      cluster.createTopic(topic, 2, group);
      try (var first = member(cluster);
          var second = member(cluster);
          var producer = transactional(cluster, "t")) {
        producer.initTransactions();
        first.subscribe(List.of(topic), new Told());
        pollUntil(cluster, () -> first.assignment().size() == 2, first);
        ConsumerGroupMetadata old = first.groupMetadata();
        second.subscribe(List.of(topic), new Told());
        pollUntil(
            cluster,
            () ->
                second.assignment().size() == 1
                    && first.groupMetadata().generationId() > old.generationId(),
            first,
            second);
        TopicPartition kept = first.assignment().iterator().next();
        TopicPartition lost = second.assignment().iterator().next();

        commit(producer, offset(kept, 3), old);
        assertThat(committed(cluster, first, kept).offset()).isEqualTo(3);
        producer.beginTransaction();
        assertThatThrownBy(() -> producer.sendOffsetsToTransaction(offset(lost, 4), old))
            .isInstanceOf(CommitFailedException.class);
        producer.abortTransaction();
        assertThat(committed(cluster, first, lost).offset()).isZero();

        // With the current epoch Kafka asks for nothing more: this is what Ownership is for.
        commit(producer, offset(lost, 5), first.groupMetadata());
        assertThat(committed(cluster, first, lost).offset()).isEqualTo(5);
      }
    });
  }

  @Test
  void withoutAMemberNothingIsChecked() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var first = member(cluster);
          var producer = transactional(cluster, "t")) {
        producer.initTransactions();
        first.subscribe(List.of(topic), new Told());
        pollUntil(cluster, () -> first.assignment().size() == 1, first);
        commit(producer, offset(p0, 9), anyone());
        assertThat(committed(cluster, first, p0).offset()).isEqualTo(9);
      }
    });
  }

  @Test
  void aMemberCommitsInTheCallbackOfItsCloseAndNotAfterIt() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var producer = transactional(cluster, "t");
          var reader = member(cluster)) {
        producer.initTransactions();
        var leaver = member(cluster);
        var left = new ArrayList<ConsumerGroupMetadata>();
        leaver.subscribe(
            List.of(topic),
            new Told() {
              @Override
              public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                left.add(leaver.groupMetadata());
                commit(producer, offset(p0, 4), leaver.groupMetadata());
              }
            });
        pollUntil(cluster, () -> leaver.assignment().size() == 1, leaver);
        leaver.close();
        assertThat(committed(cluster, reader, p0).offset()).isEqualTo(4);
        producer.beginTransaction();
        assertThatThrownBy(() -> producer.sendOffsetsToTransaction(offset(p0, 5), left.getFirst()))
            .isInstanceOf(CommitFailedException.class);
        producer.abortTransaction();
      }
    });
  }

  @Test
  void aMemberThatDoesNotPollLosesItsPartitionsAndMayNotCommit() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var idle = member(cluster, Map.of("max.poll.interval.ms", 3_000));
          var producer = transactional(cluster, "t");
          var heir = member(cluster)) {
        producer.initTransactions();
        var told = new Told();
        idle.subscribe(List.of(topic), told);
        pollUntil(cluster, () -> idle.assignment().size() == 1, idle);
        ConsumerGroupMetadata old = idle.groupMetadata();
        heir.subscribe(List.of(topic), new Told());
        pollUntil(cluster, () -> heir.assignment().size() == 1, heir);

        producer.beginTransaction();
        assertThatThrownBy(() -> producer.sendOffsetsToTransaction(offset(p0, 5), old))
            .isInstanceOf(CommitFailedException.class);
        producer.abortTransaction();
        assertThat(idle.assignment()).as("it does not know yet").containsExactly(p0);
        pollUntil(cluster, () -> !told.lost.isEmpty(), idle);
        assertThat(told.lost).containsExactly(p0);
        assertThat(told.revoked).isEmpty();
      }
    });
  }

  @Test
  void aPartitionWithoutACommittedOffsetIsNotGuessed() {
    on(cluster -> {
      cluster.createTopic(topic, 2, group);
      cluster.deleteOffset(group, p1);
      try (var member = member(cluster)) {
        @Nullable OffsetAndMetadata missing =
            member.committed(Set.of(p1), Duration.ofSeconds(30)).get(p1);
        assertThat(missing).isNull();
        member.subscribe(List.of(topic), new Told());
        assertThatThrownBy(() -> pollFor(cluster, PATIENCE, member, new ArrayList<>()))
            .isInstanceOf(NoOffsetForPartitionException.class)
            .hasMessageContaining(p1.toString());
      }
    });
  }

  @Test
  void seekDecidesWhereReadingGoesOnEvenWhilePaused() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var member = member(cluster);
          var producer = transactional(cluster, "t")) {
        producer.initTransactions();
        for (String text : List.of("a", "b", "c")) {
          send(producer, p0, text);
        }
        member.subscribe(
            List.of(topic),
            new Told() {
              @Override
              public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                member.pause(partitions);
              }
            });
        var read = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        pollUntil(cluster, () -> member.assignment().size() == 1, member);
        pollFor(cluster, Duration.ofSeconds(1), member, read);
        assertThat(read).isEmpty();
        member.seek(p0, 2);
        member.resume(Set.of(p0));
        pollUntil(cluster, () -> read.size() == 2, member, read);
        assertThat(texts(read)).containsExactly("b", "c");
      }
    });
  }

  @Test
  void wakeupEndsThePollThatIsNext() {
    on(cluster -> {
      cluster.createTopic(topic, 1, group);
      try (var reader = reader(cluster)) {
        reader.assign(List.of(p0));
        reader.wakeup();
        assertThatThrownBy(() -> reader.poll(Duration.ofSeconds(5)))
            .isInstanceOf(WakeupException.class);
        assertThat(reader.poll(TURN)).isEmpty();
      }
    });
  }

  // Helpers

  private static Producer<byte[], byte[]> transactional(Cluster cluster, String id) {
    return transactional(cluster, id, Map.of());
  }

  private static Producer<byte[], byte[]> transactional(
      Cluster cluster, String id, Map<String, Object> more) {
    var settings = new HashMap<String, Object>(more);
    settings.put("transactional.id", id);
    settings.put("client.id", id);
    settings.put("retry.backoff.ms", 20L);
    return cluster.producer(settings);
  }

  private static Consumer<byte[], byte[]> reader(Cluster cluster) {
    return cluster.consumer(
        Map.of(
            "client.id", "reader",
            "isolation.level", "read_committed",
            "auto.offset.reset", "earliest"));
  }

  private Consumer<byte[], byte[]> member(Cluster cluster) {
    return member(cluster, Map.of());
  }

  private Consumer<byte[], byte[]> member(Cluster cluster, Map<String, Object> more) {
    var settings = new HashMap<String, Object>(more);
    settings.put("client.id", "member");
    settings.put("group.id", group);
    settings.put("group.protocol", "consumer");
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "none");
    settings.put("enable.auto.commit", false);
    return cluster.consumer(settings);
  }

  private static void send(
      Producer<byte[], byte[]> producer, TopicPartition partition, String text) {
    producer.beginTransaction();
    sendNow(producer, partition, text);
    producer.commitTransaction();
  }

  private static void sendNow(
      Producer<byte[], byte[]> producer, TopicPartition partition, String text) {
    var _ =
        producer.send(
            new ProducerRecord<>(
                partition.topic(),
                partition.partition(),
                null,
                text.getBytes(StandardCharsets.UTF_8)));
    producer.flush();
  }

  private static void commit(
      Producer<byte[], byte[]> producer,
      Map<TopicPartition, OffsetAndMetadata> offsets,
      ConsumerGroupMetadata group) {
    producer.beginTransaction();
    producer.sendOffsetsToTransaction(offsets, group);
    producer.commitTransaction();
  }

  private static Map<TopicPartition, OffsetAndMetadata> offset(
      TopicPartition partition, long offset) {
    return Map.of(partition, new OffsetAndMetadata(offset));
  }

  @SuppressWarnings("removal") // only to show what Kafka takes from it
  private ConsumerGroupMetadata anyone() {
    return new ConsumerGroupMetadata(group);
  }

  /** What is committed once no transaction is under way. */
  private static OffsetAndMetadata committed(
      Cluster cluster, Consumer<byte[], byte[]> consumer, TopicPartition partition) {
    long deadline = cluster.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        OffsetAndMetadata offset =
            consumer.committed(Set.of(partition), Duration.ofSeconds(10)).get(partition);
        return Objects.requireNonNull(offset, "no offset is committed");
      } catch (TimeoutException e) {
        if (cluster.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }

  private static List<String> texts(List<ConsumerRecord<byte[], byte[]>> records) {
    return records.stream()
        .map(record -> new String(record.value(), StandardCharsets.UTF_8))
        .toList();
  }

  private static void pollFor(
      Cluster cluster,
      Duration duration,
      Consumer<byte[], byte[]> consumer,
      List<ConsumerRecord<byte[], byte[]>> read) {
    long deadline = cluster.nanoTime() + duration.toNanos();
    while (cluster.nanoTime() < deadline) {
      consumer.poll(TURN).forEach(read::add);
    }
  }

  private static void pollUntil(
      Cluster cluster,
      BooleanSupplier condition,
      Consumer<byte[], byte[]> consumer,
      List<ConsumerRecord<byte[], byte[]>> read) {
    long deadline = cluster.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(cluster.nanoTime()).as("it takes too long").isLessThan(deadline);
      consumer.poll(TURN).forEach(read::add);
    }
  }

  @SafeVarargs
  private static void pollUntil(
      Cluster cluster, BooleanSupplier condition, Consumer<byte[], byte[]>... consumers) {
    long deadline = cluster.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(cluster.nanoTime()).as("it takes too long").isLessThan(deadline);
      for (Consumer<byte[], byte[]> consumer : consumers) {
        consumer.poll(TURN);
      }
    }
  }

  private static void awaitTrue(Cluster cluster, BooleanSupplier condition) {
    long deadline = cluster.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(cluster.nanoTime()).as("it takes too long").isLessThan(deadline);
      cluster.sleep(TURN);
    }
  }
}
