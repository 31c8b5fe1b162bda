package dev.penstock.streams;

import dev.penstock.lifecycle.StartException;
import dev.penstock.streams.order.OrderMeters;
import dev.penstock.streams.order.OrderTopology;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;

/** Makes the sequencer of ordered jobs. */
final class OrderApp {
  private static final long CALL_SECONDS = 30;

  private OrderApp() {}

  /**
   * The sequencer, not started yet.
   *
   * @throws StartException when jobs that waited for their turn are lost
   */
  static StreamsApp open(StreamsConfiguration config, String instanceId, MeterRegistry registry) {
    Topics topics = config.kafka().topics();
    refuseLostLines(config, topics);
    var streams =
        new KafkaStreams(
            OrderTopology.build(topics, new OrderMeters(registry)),
            StreamsProperties.ofOrder(config, instanceId));
    StreamsMeters.bind(streams, "sequencer", registry);
    return new StreamsApp("the sequencer", streams);
  }

  /**
   * Kafka Streams makes a changelog that is missing anew, empty; but once something was consumed,
   * that is where jobs wait.
   */
  private static void refuseLostLines(StreamsConfiguration config, Topics topics) {
    try (Admin admin = Admin.create(config.kafka().clientSettings("penstock-order-check"))) {
      Map<TopicPartition, OffsetAndMetadata> committed =
          admin
              .listConsumerGroupOffsets(topics.orderApplication())
              .partitionsToOffsetAndMetadata()
              .get(CALL_SECONDS, TimeUnit.SECONDS);
      boolean began =
          committed.values().stream().anyMatch(offset -> offset != null && offset.offset() > 0);
      String changelog = OrderTopology.changelog(topics);
      if (began
          && !admin.listTopics().names().get(CALL_SECONDS, TimeUnit.SECONDS).contains(changelog)) {
        throw new StartException(
            "the topic "
                + changelog
                + " is missing, in which jobs with ordering keys wait for their turn; restore it,"
                + " or, to give up what waited, make it again with kafka-topics.sh (compacted, with"
                + " "
                + topics.partitions()
                + " partitions)");
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new StartException("can't look after the ordered jobs: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted", e);
    }
  }
}
