package dev.penstock.runtime.kafka;

import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Makes Kafka's clients, so that a simulation can make its own. Thread-safe. */
public interface Clients {
  /** Kafka's own. */
  Clients REAL =
      new Clients() {
        @Override
        public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
          return new KafkaProducer<>(
              settings, new ByteArraySerializer(), new ByteArraySerializer());
        }

        @Override
        public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
          return new KafkaConsumer<>(
              settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }
      };

  /** A producer of bytes; to be closed. */
  Producer<byte[], byte[]> producer(Map<String, Object> settings);

  /** A consumer of bytes; to be closed. */
  Consumer<byte[], byte[]> consumer(Map<String, Object> settings);
}
