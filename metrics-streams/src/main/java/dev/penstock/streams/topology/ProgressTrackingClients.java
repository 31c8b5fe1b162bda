package dev.penstock.streams.topology;

import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.InputProgress;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/**
 * Kafka's own clients, of which the consumer that feeds the topology also tells where it stands.
 * Kafka Streams tells its committed offsets only: those come a commit interval late, and for a
 * partition that ends in transaction markers, and from which nothing was read since the start, they
 * never come.
 */
final class ProgressTrackingClients implements KafkaClientSupplier {
  private final Topics topics;
  private final ViewProgress progress;

  ProgressTrackingClients(Topics topics, ViewProgress progress) {
    this.topics = topics;
    this.progress = progress;
  }

  @Override
  public Admin getAdmin(Map<String, Object> config) {
    return Admin.create(config);
  }

  @Override
  public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
    return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
    return new TrackedConsumer(config, topics, progress);
  }

  @Override
  public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  @Override
  public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** Polls and processing alternate on one stream thread, which so owns all that it writes here. */
  private static final class TrackedConsumer extends KafkaConsumer<byte[], byte[]> {
    private final Topics topics;
    private final ViewProgress progress;
    private final DoubleSupplier silence;
    private int knownStays;

    TrackedConsumer(Map<String, Object> config, Topics topics, ViewProgress progress) {
      super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
      this.topics = topics;
      this.progress = progress;
      this.silence = silence(metrics());
      progress.contact().watch(silence);
    }

    /**
     * Seconds since the last heartbeat or the end of the last rebalance, by Kafka's own metrics.
     */
    private static DoubleSupplier silence(Map<MetricName, ? extends Metric> metrics) {
      Metric heartbeat = metric(metrics, "last-heartbeat-seconds-ago");
      Metric rebalance = metric(metrics, "last-rebalance-seconds-ago");
      return () -> latest(seconds(heartbeat), seconds(rebalance));
    }

    /** The lesser of two ages, of which a negative one stands for never. */
    private static double latest(double one, double other) {
      return one < 0 ? other : other < 0 ? one : Math.min(one, other);
    }

    private static double seconds(Metric metric) {
      return ((Number) metric.metricValue()).doubleValue();
    }

    private static Metric metric(Map<MetricName, ? extends Metric> metrics, String name) {
      return metrics.entrySet().stream()
          .filter(entry -> entry.getKey().name().equals(name))
          .map(Map.Entry::getValue)
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("the consumer has no metric " + name));
    }

    @Override
    public void close() {
      try {
        super.close();
      } finally {
        progress.contact().forget(silence);
      }
    }

    @Override
    public void close(CloseOptions options) {
      try {
        super.close(options);
      } finally {
        progress.contact().forget(silence);
      }
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      int stays = progress.stays();
      ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
      records
          .nextOffsets()
          .forEach((partition, next) ->
              input(partition)
                  .ifPresent(input -> {
                    List<ConsumerRecord<byte[], byte[]>> polled = records.records(partition);
                    if (!polled.isEmpty()) {
                      input.polled(polled.getFirst().offset(), polled.getLast().offset());
                    }
                    input.consumerAt(next.offset());
                  }));
      if (stays != knownStays && tellStartingPositions()) {
        knownStays = stays;
      }
      return records;
    }

    /** Says where the inputs of new stays begin; false when not all are known yet. */
    private boolean tellStartingPositions() {
      boolean allKnown = true;
      for (TopicPartition partition : assignment()) {
        Optional<InputProgress> input = input(partition);
        if (input.isPresent() && !input.get().isConsumerKnown()) {
          try {
            input.get().consumerAt(position(partition, Duration.ZERO));
          } catch (TimeoutException _) {
            // Not known yet; the next poll asks again.
            allKnown = false;
          }
        }
      }
      return allKnown;
    }

    private Optional<InputProgress> input(TopicPartition partition) {
      return Input.of(topics, partition.topic())
          .flatMap(input -> progress.of(partition.partition()).map(stay -> stay.input(input)));
    }
  }
}
