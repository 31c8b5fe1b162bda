package dev.penstock.runtime.kafka;

import dev.penstock.lifecycle.StartException;
import dev.penstock.topic.TopicSpec;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the topics that are missing, checks those that are there against their declaration, and
 * seeds the workers' offsets while a topic is still empty. Every service does this before anything
 * else, so no record stands on a topic whose offsets were not seeded, and a missing offset later on
 * means a loss, never a beginning.
 */
public final class TopicProvisioner {
  private static final Logger log = LoggerFactory.getLogger(TopicProvisioner.class);
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);

  private final KafkaConfig config;

  public TopicProvisioner(KafkaConfig config) {
    this.config = config;
  }

  /**
   * Leaves all topics as declared.
   *
   * @throws StartException when Kafka can't be reached, or a topic is not as declared; says which
   *     and what to do
   */
  public void ensure() {
    try (Admin admin = Admin.create(config.clientSettings("penstock-provisioner"))) {
      Topics topics = config.topics();
      create(admin, topics);
      check(admin, topics);
      seed(admin, topics);
    }
  }

  private void create(Admin admin, Topics topics) {
    Set<String> present = get(admin.listTopics().names(), "list the topics");
    List<NewTopic> missing =
        topics.all().stream()
            .filter(spec -> !present.contains(spec.name()))
            .map(this::newTopic)
            .toList();
    if (missing.isEmpty()) {
      return;
    }
    admin
        .createTopics(missing)
        .values()
        .forEach((name, created) -> {
          try {
            get(created, "make the topic " + name);
            log.info("made the topic {}", name);
          } catch (StartException e) {
            // Another service made it in between; the check that follows judges it.
            if (!(e.getCause() instanceof TopicExistsException)) {
              throw e;
            }
          }
        });
  }

  private NewTopic newTopic(TopicSpec spec) {
    Optional<Short> replication =
        config.replicationFactor() < 1
            ? Optional.empty()
            : Optional.of((short) config.replicationFactor());
    return new NewTopic(spec.name(), Optional.of(spec.partitions()), replication)
        .configs(spec.configs());
  }

  private static void check(Admin admin, Topics topics) {
    List<String> names = topics.all().stream().map(TopicSpec::name).toList();
    Map<String, TopicDescription> descriptions = describe(admin, names);
    List<ConfigResource> resources =
        names.stream().map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
    Map<ConfigResource, Config> configs =
        get(admin.describeConfigs(resources).all(), "read the topics' settings");
    var errors = new ArrayList<String>();
    for (TopicSpec spec : topics.all()) {
      int partitions = Objects.requireNonNull(descriptions.get(spec.name())).partitions().size();
      if (partitions != spec.partitions()) {
        errors.add(
            spec.name()
                + " has "
                + partitions
                + " partitions, but topics.partitions is "
                + spec.partitions()
                + "; set it to "
                + partitions
                + " (counts can't change: keys hash to them)");
      }
      Config actual = configs.get(new ConfigResource(ConfigResource.Type.TOPIC, spec.name()));
      spec.configs()
          .forEach((key, wanted) -> {
            String value = actual == null || actual.get(key) == null ? "" : actual.get(key).value();
            if (!sameSetting(key, wanted, value)) {
              errors.add(spec.name() + " has " + key + "=" + value + ", but must have " + wanted);
            }
          });
    }
    if (!errors.isEmpty()) {
      throw new StartException(
          "the topics are not as declared; change them with kafka-configs.sh, or use another"
              + " topics.prefix:\n"
              + "  "
              + String.join("\n  ", errors));
    }
  }

  /** Topics may keep more than is asked for, never less. */
  private static boolean sameSetting(String key, String wanted, String actual) {
    return switch (key) {
      case "cleanup.policy" -> Set.of(wanted.split(",")).equals(Set.of(actual.split(",")));
      case "max.message.bytes" -> Long.parseLong(actual) >= Long.parseLong(wanted);
      case "retention.ms" ->
          actual.equals("-1")
              || (!wanted.equals("-1") && Long.parseLong(actual) >= Long.parseLong(wanted));
      default -> wanted.equals(actual);
    };
  }

  /** A topic made a moment ago may not be known to every broker yet. */
  private static Map<String, TopicDescription> describe(Admin admin, List<String> names) {
    long deadline = System.nanoTime() + CALL_TIMEOUT.toNanos();
    while (true) {
      try {
        return get(admin.describeTopics(names).allTopicNames(), "describe the topics");
      } catch (StartException e) {
        if (System.nanoTime() > deadline
            || !(e.getCause()
                instanceof org.apache.kafka.common.errors.UnknownTopicOrPartitionException)) {
          throw e;
        }
        pause();
      }
    }
  }

  private static void seed(Admin admin, Topics topics) {
    List<TopicPartition> claimed =
        topics.claimed().stream()
            .flatMap(topic ->
                java.util.stream.IntStream.range(0, topics.partitions())
                    .mapToObj(partition -> new TopicPartition(topic, partition)))
            .toList();
    Map<TopicPartition, OffsetAndMetadata> committed =
        get(
            admin.listConsumerGroupOffsets(topics.workerGroup()).partitionsToOffsetAndMetadata(),
            "read the workers' offsets");
    List<TopicPartition> unseeded =
        claimed.stream().filter(partition -> committed.get(partition) == null).toList();
    if (unseeded.isEmpty()) {
      return;
    }
    Map<TopicPartition, ListOffsetsResultInfo> ends =
        get(
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
              + topics.workerGroup()
              + " has no committed offset for "
              + lost
              + " although there are records; without it no one knows which jobs are done. Restore"
              + " it, or, if jobs may run again, set it with kafka-consumer-groups.sh"
              + " --reset-offsets");
    }
    try {
      get(
          admin.alterConsumerGroupOffsets(topics.workerGroup(), seeds).all(),
          "seed the workers' offsets");
    } catch (StartException e) {
      // Another service seeded them and a worker has joined since: then they are there.
      Map<TopicPartition, OffsetAndMetadata> now =
          get(
              admin.listConsumerGroupOffsets(topics.workerGroup()).partitionsToOffsetAndMetadata(),
              "read the workers' offsets");
      if (!seeds.keySet().stream().allMatch(partition -> now.get(partition) != null)) {
        throw e;
      }
    }
  }

  private static <T> T get(KafkaFuture<T> future, String what) {
    try {
      return future.get(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new StartException("can't " + what + ": " + cause.getMessage(), cause);
    } catch (TimeoutException e) {
      throw new StartException(
          "can't " + what + ": Kafka did not answer within " + CALL_TIMEOUT, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while trying to " + what, e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted", e);
    }
  }
}
