package dev.penstock.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.lifecycle.StartException;
import dev.penstock.topic.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TopicProvisionerTest {
  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static Admin admin;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
    admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }

  @AfterAll
  static void stop() {
    admin.close();
    broker.close();
  }

  @Test
  void missingTopicsAreMadeAndOffsetsSeededAndDoingItAgainChangesNothing() throws Exception {
    var config = config("fresh.", 2);
    new TopicProvisioner(config).ensure();
    new TopicProvisioner(config).ensure();
    Set<String> names = admin.listTopics().names().get(30, TimeUnit.SECONDS);
    assertThat(names).containsAll(config.topics().all().stream().map(spec -> spec.name()).toList());
    assertThat(offsets(config))
        .hasSize(2 * config.topics().claimed().size())
        .allSatisfy((_, offset) -> assertThat(offset).isZero());
  }

  @Test
  void anotherNumberOfPartitionsIsRefusedByName() {
    new TopicProvisioner(config("count.", 2)).ensure();
    assertThatThrownBy(() -> new TopicProvisioner(config("count.", 3)).ensure())
        .isInstanceOf(StartException.class)
        .hasMessageContaining("count.jobs has 2 partitions");
  }

  @Test
  void aTopicThatWouldForgetJobsIsRefusedByName() throws Exception {
    var config = config("forgets.", 1);
    new TopicProvisioner(config).ensure();
    admin
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.TOPIC, config.topics().jobs()),
                List.of(
                    new AlterConfigOp(
                        new ConfigEntry("retention.ms", "1000"), AlterConfigOp.OpType.SET))))
        .all()
        .get(30, TimeUnit.SECONDS);
    assertThatThrownBy(() -> new TopicProvisioner(config).ensure())
        .isInstanceOf(StartException.class)
        .hasMessageContaining("forgets.jobs has retention.ms=1000");
  }

  @Test
  void lostOffsetsAreAnAlarmAndNeverABeginning() throws Exception {
    var config = config("lost.", 1);
    new TopicProvisioner(config).ensure();
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      producer
          .send(new ProducerRecord<>(config.topics().jobs(), "k", "v"))
          .get(30, TimeUnit.SECONDS);
    }
    admin
        .deleteConsumerGroupOffsets(
            config.topics().workerGroup(), Set.of(new TopicPartition(config.topics().jobs(), 0)))
        .all()
        .get(30, TimeUnit.SECONDS);
    assertThatThrownBy(() -> new TopicProvisioner(config).ensure())
        .isInstanceOf(StartException.class)
        .hasMessageContaining("lost.jobs-0")
        .hasMessageContaining("no committed offset");
  }

  @Test
  void aServiceThatStoodStillBeforeSeedingCannotSetOffsetsBack() {
    var config = config("stalled.", 1);
    String group = config.topics().workerGroup();
    Map<String, Object> settings = config.clientSettings("stalled");
    settings.put("transactional.id", group + "-seeder");
    try (var stalled =
            new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        var outsider =
            new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "group.id", group),
                new StringDeserializer(),
                new StringDeserializer())) {
      stalled.initTransactions();
      new TopicProvisioner(config).ensure();
      var seed = Map.of(new TopicPartition(config.topics().jobs(), 0), new OffsetAndMetadata(0));
      assertThatThrownBy(
              () -> {
                stalled.beginTransaction();
                stalled.sendOffsetsToTransaction(seed, outsider.groupMetadata());
                stalled.commitTransaction();
              })
          .isInstanceOfAny(ProducerFencedException.class, InvalidProducerEpochException.class);
    }
  }

  @Test
  void aWorkerThatIsCommittingDoesNotHinderTheStartOfAnotherService() throws Exception {
    var config = config("busy.", 1);
    String group = config.topics().workerGroup();
    var jobs = new TopicPartition(config.topics().jobs(), 0);
    new TopicProvisioner(config).ensure();
    Map<String, Object> settings = config.clientSettings("busy");
    settings.put("transactional.id", "busy.worker");
    try (var worker =
            new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        var outsider =
            new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "group.id", group),
                new StringDeserializer(),
                new StringDeserializer())) {
      worker.initTransactions();
      worker.beginTransaction();
      worker.send(new ProducerRecord<>(config.topics().jobs(), "k", "v")).get(30, TimeUnit.SECONDS);
      worker.sendOffsetsToTransaction(
          Map.of(jobs, new OffsetAndMetadata(1)), outsider.groupMetadata());
      new TopicProvisioner(config).ensure();
      worker.commitTransaction();
    }
    // A commit is answered before the offsets in it can be seen.
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(offsets(config)).containsEntry(jobs, 1L));
  }

  @RepeatedTest(5)
  void severalServicesMayStartTogether(RepetitionInfo repetition) throws Exception {
    var config = config("race" + repetition.getCurrentRepetition() + ".", 3);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var all =
          IntStream.range(0, 8)
              .mapToObj(_ -> threads.submit(() -> new TopicProvisioner(config).ensure()))
              .toList();
      for (var each : all) {
        assertThatCode(() -> each.get(60, TimeUnit.SECONDS)).doesNotThrowAnyException();
      }
    }
    assertThat(offsets(config)).hasSize(3 * config.topics().claimed().size());
  }

  private static Map<TopicPartition, Long> offsets(KafkaConfig config) throws Exception {
    var offsets = new HashMap<TopicPartition, Long>();
    admin
        .listConsumerGroupOffsets(config.topics().workerGroup())
        .partitionsToOffsetAndMetadata()
        .get(30, TimeUnit.SECONDS)
        .forEach((partition, offset) -> offsets.put(partition, offset.offset()));
    return offsets;
  }

  private static KafkaConfig config(String prefix, int partitions) {
    var topics = new Topics(prefix, partitions, Duration.ofDays(1), Duration.ofHours(1));
    // The broker is near and has little to do: nobody waits long before asking again.
    return new KafkaConfig(broker.bootstrapServers(), topics, 1, Map.of("retry.backoff.ms", "10"));
  }
}
