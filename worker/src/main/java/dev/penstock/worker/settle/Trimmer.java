package dev.penstock.worker.settle;

import dev.penstock.runtime.kafka.KafkaConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes what nobody needs any more from the topics of jobs, which never expire by themselves:
 * records that are below the committed watermark and also older than the views' retention. Every
 * worker does it now and then; doing it twice is harmless.
 */
public final class Trimmer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Trimmer.class);
  private static final Duration PERIOD = Duration.ofHours(1);
  private static final long CALL_SECONDS = 30;

  private final KafkaConfig config;
  private final String clientId;
  private final ScheduledExecutorService timer;

  public Trimmer(KafkaConfig config, String worker) {
    this.config = config;
    this.clientId = worker + "-trim";
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("worker-trim").factory());
    var _ =
        timer.scheduleWithFixedDelay(
            this::trimOrLog, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void trimOrLog() {
    try {
      trim(Instant.now());
    } catch (KafkaException | ExecutionException | TimeoutException e) {
      log.warn("old records were not deleted this time; the next try is in {}", PERIOD, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Deletes what is old at {@code now}. */
  void trim(Instant now) throws ExecutionException, TimeoutException, InterruptedException {
    long keepFrom = now.minus(config.topics().eventRetention()).toEpochMilli();
    try (Admin admin = Admin.create(config.clientSettings(clientId))) {
      Map<TopicPartition, OffsetAndMetadata> committed =
          admin
              .listConsumerGroupOffsets(config.topics().workerGroup())
              .partitionsToOffsetAndMetadata()
              .get(CALL_SECONDS, TimeUnit.SECONDS);
      committed.values().removeIf(Objects::isNull);
      var asked = new HashMap<TopicPartition, OffsetSpec>();
      committed
          .keySet()
          .forEach(partition -> asked.put(partition, OffsetSpec.forTimestamp(keepFrom)));
      Map<TopicPartition, ListOffsetsResultInfo> young =
          admin.listOffsets(asked).all().get(CALL_SECONDS, TimeUnit.SECONDS);
      var deletions = new HashMap<TopicPartition, RecordsToDelete>();
      committed.forEach((partition, offset) -> {
        ListOffsetsResultInfo firstYoung = young.get(partition);
        // No young record at all: everything is old, and the watermark alone decides.
        long keep =
            firstYoung == null || firstYoung.offset() < 0 ? offset.offset() : firstYoung.offset();
        deletions.put(partition, RecordsToDelete.beforeOffset(Math.min(keep, offset.offset())));
      });
      admin.deleteRecords(deletions).all().get(CALL_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
