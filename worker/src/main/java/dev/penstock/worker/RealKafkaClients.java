package dev.penstock.worker;

import dev.penstock.lifecycle.StartException;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Uuid;

/** Kafka's own clients. */
final class RealKafkaClients implements KafkaClients {
  /**
   * Each worker gets its share of every topic. The broker's first choice, {@code uniform}, evens
   * out the sum only: one worker may get all partitions of the jobs, and the others lanes on which
   * nothing happens.
   */
  static final String ASSIGNOR = "range";

  private final KafkaConfig kafka;
  private final String clientId;

  RealKafkaClients(KafkaConfig kafka, String clientId) {
    this.kafka = kafka;
    this.clientId = clientId;
  }

  @Override
  public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
    return new KafkaProducer<>(settings);
  }

  @Override
  public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
    return new KafkaConsumer<>(settings);
  }

  @Override
  public Map<String, Uuid> topicIds(List<String> topics) {
    try (Admin admin = Admin.create(kafka.clientSettings(clientId + "-admin"))) {
      var described = admin.describeTopics(topics).allTopicNames().get(30, TimeUnit.SECONDS);
      var ids = new HashMap<String, Uuid>();
      described.forEach((name, description) -> ids.put(name, description.topicId()));
      return ids;
    } catch (ExecutionException | TimeoutException e) {
      throw new StartException("can't describe the topics: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while describing the topics", e);
    }
  }
}
