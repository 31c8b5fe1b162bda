package dev.penstock.runtime.kafka;

import dev.penstock.lifecycle.StartException;
import dev.penstock.topic.TopicSpec;
import dev.penstock.topic.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the topics that are missing, checks those that are there against their declaration, and
 * seeds the offsets of the workers' groups while a topic is still empty. Every service does this
 * before anything else, so no record stands on a topic whose offsets were not seeded, and a missing
 * offset later on means a loss, never a beginning.
 */
public final class TopicProvisioner {
  private static final Logger log = LoggerFactory.getLogger(TopicProvisioner.class);

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
      var seeder = new OffsetSeeder(config, admin);
      seeder.seed(topics.workerGroup(), topics.claimed());
      seeder.seed(topics.holdGroup(), topics.holdTopics());
      seeder.seed(topics.orderApplication(), List.of(topics.ordered()));
    }
  }

  private void create(Admin admin, Topics topics) {
    Set<String> present = Answers.of(admin.listTopics().names(), "list the topics");
    refuseForgottenHolds(present, topics);
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
            Answers.of(created, "make the topic " + name);
            log.info("made the topic {}", name);
          } catch (StartException e) {
            // Another service made it in between; the check that follows judges it.
            if (!(e.getCause() instanceof TopicExistsException)) {
              throw e;
            }
          }
        });
  }

  /** Nobody would read it any more, and jobs may wait in it. */
  private static void refuseForgottenHolds(Set<String> present, Topics topics) {
    List<String> declared = topics.holdTopics();
    List<String> forgotten =
        present.stream()
            .filter(name -> name.startsWith(topics.holdPrefix()) && !declared.contains(name))
            .sorted()
            .toList();
    if (!forgotten.isEmpty()) {
      throw new StartException(
          "topics.holds is "
              + topics.holds()
              + ", but there are also "
              + forgotten
              + ", in which jobs may wait; name them too, or delete them when the consumer group "
              + topics.holdGroup()
              + " has no lag on them");
    }
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
        Answers.of(admin.describeConfigs(resources).all(), "read the topics' settings");
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
    long deadline = System.nanoTime() + Answers.TIMEOUT.toNanos();
    while (true) {
      try {
        return Answers.of(admin.describeTopics(names).allTopicNames(), "describe the topics");
      } catch (StartException e) {
        if (System.nanoTime() > deadline
            || !(e.getCause()
                instanceof org.apache.kafka.common.errors.UnknownTopicOrPartitionException)) {
          throw e;
        }
        Pause.briefly();
      }
    }
  }
}
