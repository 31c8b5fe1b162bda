package dev.penstock.worker;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Uuid;

/** Where the worker gets its Kafka clients from. */
public interface KafkaClients {
  /** A producer with these settings. */
  Producer<byte[], byte[]> producer(Map<String, Object> settings);

  /** A consumer with these settings. */
  Consumer<byte[], byte[]> consumer(Map<String, Object> settings);

  /**
   * The ids that these topics have now.
   *
   * @throws dev.penstock.lifecycle.StartException when Kafka does not tell
   */
  Map<String, Uuid> topicIds(List<String> topics);
}
