package dev.penstock.worker.settle;

import dev.penstock.runtime.kafka.KafkaConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes what nobody needs any more from the topics of jobs, which never expire by themselves: of
 * what workers claim or the sequencer of ordered jobs reads, records that are below the committed
 * watermark and also older than the views' retention; of the hold topics, which nobody else reads,
 * all that has moved on. Every worker does it now and then; doing it twice is harmless.
 */
public final class Trimmer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Trimmer.class);
  private static final Duration PERIOD = Duration.ofHours(1);
  private static final Duration HOLDS_PERIOD = Duration.ofMinutes(1);
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
    every(PERIOD, () -> trim(Instant.now()));
    every(HOLDS_PERIOD, this::trimHolds);
  }

  private void every(Duration period, Task task) {
    var _ =
        timer.scheduleWithFixedDelay(
            () -> runOrLog(period, task),
            period.toMillis(),
            period.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private interface Task {
    void run() throws ExecutionException, TimeoutException, InterruptedException;
  }

  private static void runOrLog(Duration period, Task task) {
    try {
      task.run();
    } catch (KafkaException | ExecutionException | TimeoutException e) {
      log.warn("old records were not deleted this time; the next try is in {}", period, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Deletes what was claimed, is finished, and is old at {@code now}. */
  void trim(Instant now) throws ExecutionException, TimeoutException, InterruptedException {
    long keepFrom = now.minus(config.topics().eventRetention()).toEpochMilli();
    try (Admin admin = Admin.create(config.clientSettings(clientId))) {
      Map<TopicPartition, Long> committed = committed(admin, config.topics().workerGroup());
      committed.putAll(committed(admin, config.topics().orderApplication()));
      var asked = new HashMap<TopicPartition, OffsetSpec>();
      committed
          .keySet()
          .forEach(partition -> asked.put(partition, OffsetSpec.forTimestamp(keepFrom)));
      Map<TopicPartition, ListOffsetsResultInfo> young =
          admin.listOffsets(asked).all().get(CALL_SECONDS, TimeUnit.SECONDS);
      committed.replaceAll((partition, offset) -> {
        ListOffsetsResultInfo firstYoung = young.get(partition);
        // No young record at all: everything is old, and the watermark alone decides.
        return firstYoung == null || firstYoung.offset() < 0
            ? offset
            : Math.min(firstYoung.offset(), offset);
      });
      delete(admin, committed);
    }
  }

  /** Deletes what has left the hold topics. */
  public void trimHolds() throws ExecutionException, TimeoutException, InterruptedException {
    try (Admin admin = Admin.create(config.clientSettings(clientId))) {
      delete(admin, committed(admin, config.topics().holdGroup()));
    }
  }

  private static Map<TopicPartition, Long> committed(Admin admin, String group)
      throws ExecutionException, TimeoutException, InterruptedException {
    var committed = new HashMap<TopicPartition, Long>();
    admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get(CALL_SECONDS, TimeUnit.SECONDS)
        .forEach((partition, offset) -> {
          if (offset != null) {
            committed.put(partition, offset.offset());
          }
        });
    return committed;
  }

  private static void delete(Admin admin, Map<TopicPartition, Long> before)
      throws ExecutionException, TimeoutException, InterruptedException {
    var deletions = new HashMap<TopicPartition, RecordsToDelete>();
    before.forEach(
        (partition, offset) -> deletions.put(partition, RecordsToDelete.beforeOffset(offset)));
    admin.deleteRecords(deletions).all().get(CALL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
