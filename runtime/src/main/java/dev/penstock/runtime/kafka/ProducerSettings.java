package dev.penstock.runtime.kafka;

import dev.penstock.topic.Topics;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** How producers of accepted facts are set. */
public final class ProducerSettings {
  private static final int BATCH_BYTES = 128 * 1024;

  private ProducerSettings() {}

  /**
   * A producer that acknowledges when all in-sync replicas have the record.
   *
   * @param timeout from handing a record over to knowing that it failed; also the longest that a
   *     call blocks
   * @param bufferBytes the most that waits for acknowledgement
   */
  public static Map<String, Object> durable(
      KafkaConfig kafka, String clientId, Duration timeout, long bufferBytes) {
    var settings = kafka.clientSettings(clientId);
    int millis = Math.toIntExact(timeout.toMillis());
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    // Load makes batches by itself: what arrives while a broker works on one request goes out
    // together in the next one. To wait for more, or to send more requests at once, makes the
    // batches of waiting submitters smaller and costs both sides more (see bench/README.md).
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
    settings.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, bufferBytes);
    settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Topics.MAX_RECORD_BYTES + 100_000);
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis);
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.max(500, millis / 2));
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Math.max(500, millis / 2));
    // A broker that comes back is found within a second.
    settings.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1_000);
    return settings;
  }
}
