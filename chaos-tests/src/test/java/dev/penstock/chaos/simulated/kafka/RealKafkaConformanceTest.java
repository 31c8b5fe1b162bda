package dev.penstock.chaos.simulated.kafka;

import static org.awaitility.Awaitility.await;

import dev.penstock.broker.EmbeddedBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Kafka does what the worker relies on. */
final class RealKafkaConformanceTest extends KafkaConformance {
  @TempDir static @Nullable Path directory;
  private static @Nullable EmbeddedBroker broker;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(java.util.Objects.requireNonNull(directory), 0);
  }

  @AfterAll
  static void stopBroker() {
    if (broker != null) {
      broker.close();
    }
  }

  @Override
  void on(Body body) {
    String bootstrap = java.util.Objects.requireNonNull(broker).bootstrapServers();
    try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      body.run(new Real(bootstrap, admin));
    }
  }

  private static <T> T get(org.apache.kafka.common.KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private record Real(String bootstrap, Admin admin) implements Cluster {
    @Override
    public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
      var all = new HashMap<>(settings);
      all.put("bootstrap.servers", bootstrap);
      return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
      var all = new HashMap<>(settings);
      all.put("bootstrap.servers", bootstrap);
      // Closing waits for the last fetch.
      all.putIfAbsent("fetch.max.wait.ms", 50);
      return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public void createTopic(String topic, int partitions, String group) {
      var _ = get(admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all());
      var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
      for (int i = 0; i < partitions; i++) {
        offsets.put(new TopicPartition(topic, i), new OffsetAndMetadata(0));
      }
      // The controller knows the topic before the group's coordinator does.
      await()
          .atMost(Duration.ofMinutes(1))
          .ignoreExceptionsMatching(e ->
              e.getCause() != null
                  && e.getCause().getCause() instanceof UnknownTopicOrPartitionException)
          .untilAsserted(() -> {
            var _ = get(admin.alterConsumerGroupOffsets(group, offsets).all());
          });
    }

    @Override
    public void deleteOffset(String group, TopicPartition partition) {
      var _ = get(admin.deleteConsumerGroupOffsets(group, Set.of(partition)).all());
    }

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public void sleep(Duration duration) {
      try {
        Thread.sleep(duration);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }
}
