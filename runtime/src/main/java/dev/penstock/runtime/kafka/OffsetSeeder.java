package dev.penstock.runtime.kafka;

import dev.penstock.lifecycle.StartException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a consumer group its first offsets while its topics are still empty, so that a missing
 * offset later on means a loss and never a beginning.
 *
 * <p>Who seeds is fenced: offsets are looked at and written under one {@code transactional.id} per
 * group, so a service that stood still between its look and its write can't set back what workers
 * have committed since. Every service that finds something missing begins with fencing the others.
 */
final class OffsetSeeder {
  private static final Logger log = LoggerFactory.getLogger(OffsetSeeder.class);

  /** How long other services that seed at the same time may get in the way. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final KafkaConfig config;
  private final Admin admin;

  OffsetSeeder(KafkaConfig config, Admin admin) {
    this.config = config;
    this.admin = admin;
  }

  /**
   * Leaves {@code group} with an offset for each partition of {@code topics}.
   *
   * @throws StartException when an offset is missing although the partition has records, or when
   *     Kafka does not let it be written
   */
  void seed(String group, List<String> topics) {
    List<TopicPartition> all =
        topics.stream()
            .flatMap(topic ->
                IntStream.range(0, config.topics().partitions())
                    .mapToObj(partition -> new TopicPartition(topic, partition)))
            .toList();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (int tries = 1; anyMissing(group, all); tries++) {
      try {
        seedFenced(group, all);
      } catch (AuthenticationException | AuthorizationException | UnsupportedVersionException e) {
        throw cannot(group, e);
      } catch (KafkaException e) {
        // Mostly another service that seeds at the same time: fenced, or its commit ended ours.
        // What is there now is looked at again; each try begins anew, so none can do harm.
        if (System.nanoTime() > deadline) {
          throw cannot(group, e);
        }
        log.debug("seeding the offsets of {} is tried again", group, e);
        Pause.apart(tries);
      }
    }
  }

  private static StartException cannot(String group, KafkaException cause) {
    return new StartException(
        "the offsets of " + group + " can't be seeded: " + cause.getMessage(), cause);
  }

  private void seedFenced(String group, List<TopicPartition> all) {
    Map<String, Object> settings = config.clientSettings("penstock-seeder");
    settings.put("transactional.id", group + "-seeder");
    settings.put("max.block.ms", Answers.TIMEOUT.toMillis());
    try (var producer =
            new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        var outsider = outsider(group)) {
      producer.initTransactions();
      // Looked at again: only what is missing from now on is ours to write.
      Set<TopicPartition> unseeded = unseeded(group, all);
      if (unseeded.isEmpty()) {
        return;
      }
      Map<TopicPartition, OffsetAndMetadata> seeds = seeds(group, unseeded);
      producer.beginTransaction();
      producer.sendOffsetsToTransaction(seeds, outsider.groupMetadata());
      producer.commitTransaction();
    }
  }

  /** Names the group without being a member of it. */
  private Consumer<byte[], byte[]> outsider(String group) {
    Map<String, Object> settings = config.clientSettings("penstock-seeder");
    settings.put("group.id", group);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** Zero for each partition: only an empty one has no offset yet. */
  private Map<TopicPartition, OffsetAndMetadata> seeds(String group, Set<TopicPartition> unseeded) {
    Map<TopicPartition, ListOffsetsResultInfo> ends =
        Answers.of(
            admin
                .listOffsets(
                    unseeded.stream()
                        .collect(
                            Collectors.toMap(partition -> partition, _ -> OffsetSpec.latest())))
                .all(),
            "read the ends of the topics");
    var seeds = new HashMap<TopicPartition, OffsetAndMetadata>();
    var lost = new ArrayList<String>();
    for (TopicPartition partition : unseeded) {
      if (Objects.requireNonNull(ends.get(partition)).offset() == 0) {
        seeds.put(partition, new OffsetAndMetadata(0));
      } else {
        lost.add(partition.toString());
      }
    }
    if (!lost.isEmpty()) {
      throw new StartException(
          "the consumer group "
              + group
              + " has no committed offset for "
              + lost
              + " although there are records; without it no one knows which jobs are done. Restore"
              + " it, or, if jobs may run again, set it with kafka-consumer-groups.sh"
              + " --reset-offsets");
    }
    return seeds;
  }

  /** Whether to look closer. Does not wait for anyone's open transaction. */
  private boolean anyMissing(String group, List<TopicPartition> all) {
    Map<TopicPartition, OffsetAndMetadata> committed = committed(group, all, false);
    return all.stream().anyMatch(partition -> committed.get(partition) == null);
  }

  /** The partitions without an offset, once no open transaction is about to give them one. */
  private Set<TopicPartition> unseeded(String group, List<TopicPartition> all) {
    long deadline = System.nanoTime() + Answers.TIMEOUT.toNanos();
    while (true) {
      Map<TopicPartition, OffsetAndMetadata> committed = committed(group, all, true);
      // A partition without an offset is answered with null; one whose offset an open transaction
      // is about to change is left out of the answer.
      if (committed.keySet().containsAll(all)) {
        return all.stream()
            .filter(partition -> committed.get(partition) == null)
            .collect(Collectors.toSet());
      }
      if (System.nanoTime() > deadline) {
        throw new StartException(
            "the offsets of "
                + group
                + " can't be read: an open transaction has held them back for "
                + Answers.TIMEOUT);
      }
      Pause.briefly();
    }
  }

  private Map<TopicPartition, OffsetAndMetadata> committed(
      String group, List<TopicPartition> all, boolean stable) {
    return Answers.of(
        admin
            .listConsumerGroupOffsets(
                Map.of(group, new ListConsumerGroupOffsetsSpec().topicPartitions(all)),
                new ListConsumerGroupOffsetsOptions().requireStable(stable))
            .partitionsToOffsetAndMetadata(group),
        "read the offsets of " + group);
  }
}
