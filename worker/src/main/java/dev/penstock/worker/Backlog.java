package dev.penstock.worker;

import dev.penstock.runtime.kafka.KafkaConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows how many records lie before the workers, by topic. Each worker looks at all partitions,
 * also those that nobody owns, so of several workers any one's figure is the whole.
 */
final class Backlog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Backlog.class);
  private static final Duration PERIOD = Duration.ofSeconds(10);
  private static final long CALL_SECONDS = 20;

  private final KafkaConfig kafka;
  private final Admin admin;
  private final Map<String, Long> records = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("worker-backlog").factory());
  private boolean isKnown = true;

  /** Looks from now on, every 10 s. */
  Backlog(KafkaConfig kafka, String worker, MeterRegistry registry) {
    this.kafka = kafka;
    this.admin = Admin.create(kafka.clientSettings(worker + "-backlog"));
    for (String topic : kafka.topics().claimed()) {
      Gauge.builder(
              "penstock.worker.backlog.records",
              records,
              // Not a number until it is known, and again while Kafka does not answer.
              all -> all.getOrDefault(topic, -1L) < 0 ? Double.NaN : all.getOrDefault(topic, -1L))
          .description(
              "Records of the topic beyond what all workers have committed, among them jobs that"
                  + " run and finished ones behind which others are not; the same at every worker")
          .tag("topic", topic)
          .register(registry);
    }
    var _ = timer.scheduleWithFixedDelay(this::look, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void look() {
    try {
      records.putAll(count());
      isKnown = true;
    } catch (KafkaException | ExecutionException | TimeoutException e) {
      records.clear();
      if (isKnown) {
        log.warn("the backlog is not known, since Kafka does not answer: {}", e.getMessage());
      }
      isKnown = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Map<String, Long> count()
      throws ExecutionException, TimeoutException, InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin
            .listConsumerGroupOffsets(kafka.topics().workerGroup())
            .partitionsToOffsetAndMetadata()
            .get(CALL_SECONDS, TimeUnit.SECONDS);
    var asked = new HashMap<TopicPartition, OffsetSpec>();
    for (String topic : kafka.topics().claimed()) {
      for (int partition = 0; partition < kafka.topics().partitions(); partition++) {
        asked.put(new TopicPartition(topic, partition), OffsetSpec.latest());
      }
    }
    Map<TopicPartition, ListOffsetsResultInfo> ends =
        admin.listOffsets(asked).all().get(CALL_SECONDS, TimeUnit.SECONDS);
    var count = new HashMap<String, Long>();
    ends.forEach((partition, end) -> {
      OffsetAndMetadata from = committed.get(partition);
      long before = from == null ? 0 : Math.max(0, end.offset() - from.offset());
      count.merge(partition.topic(), before, Long::sum);
    });
    return count;
  }

  @Override
  public void close() {
    timer.shutdownNow();
    admin.close(Duration.ofSeconds(1));
  }
}
