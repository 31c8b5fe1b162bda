package dev.penstock.bench.peer;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;

/**
 * A Spring Kafka listener with record ack: the offset of each record is committed once its output
 * is acknowledged. A listener has one thread, and more listeners than partitions are idle.
 */
public final class SpringPeer implements Peer {
  private static final long SEND_SECONDS = 30;
  private static final Duration CLOSE = Duration.ofSeconds(10);

  @Override
  public String name() {
    return "Spring Kafka, record ack";
  }

  @Override
  public Running start(Course course) {
    // Each record is waited for, so a linger would only be a delay.
    var producers = new DefaultKafkaProducerFactory<byte[], byte[]>(course.producerSettings(0));
    var template = new KafkaTemplate<>(producers);
    Map<String, Object> settings = course.consumerSettings();
    var properties = new ContainerProperties(course.source());
    properties.setGroupId(course.target());
    properties.setAckMode(ContainerProperties.AckMode.RECORD);
    properties.setShutdownTimeout(CLOSE.toMillis());
    // Else it would go on with all that the last poll brought.
    properties.setStopImmediate(true);
    MessageListener<byte[], byte[]> listener = record -> run(course, template, record);
    properties.setMessageListener(listener);
    var container =
        new ConcurrentMessageListenerContainer<>(
            new DefaultKafkaConsumerFactory<byte[], byte[]>(settings), properties);
    container.setConcurrency(Math.min(course.partitions(), course.calls()));
    container.start();
    return new Running() {
      @Override
      public Optional<Throwable> failure() {
        return container.isRunning()
            ? Optional.empty()
            : Optional.of(new IllegalStateException("the listener container has stopped"));
      }

      @Override
      public void close() {
        container.stop();
        producers.destroy();
      }
    };
  }

  private static void run(
      Course course,
      KafkaTemplate<byte[], byte[]> template,
      ConsumerRecord<byte[], byte[]> record) {
    try {
      var _ =
          template
              .send(course.work().perform(record, course.target()))
              .get(SEND_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("an output was not written", e);
    }
  }
}
