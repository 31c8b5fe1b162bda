package dev.penstock.worker.claim;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobId;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the whole control topic, from its beginning, on a thread of its own: every worker knows
 * every request to cancel a job or to run it now, because any job may become its to run.
 */
public final class ControlReader implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(ControlReader.class);
  private static final Duration POLL = Duration.ofMillis(100);

  private final Consumer<byte[], byte[]> consumer;
  private final List<TopicPartition> partitions;
  private final CoreInbox inbox;
  private final Breakdown breakdown;
  private final ConcurrentLinkedQueue<CompletableFuture<Void>> asked =
      new ConcurrentLinkedQueue<>();
  private final List<Waiter> waiters = new ArrayList<>();
  private volatile boolean stopped;

  public ControlReader(
      Consumer<byte[], byte[]> consumer,
      String topic,
      int partitions,
      CoreInbox inbox,
      Breakdown breakdown) {
    this.consumer = consumer;
    this.partitions =
        IntStream.range(0, partitions)
            .mapToObj(partition -> new TopicPartition(topic, partition))
            .toList();
    this.inbox = inbox;
    this.breakdown = breakdown;
  }

  private record Waiter(Map<TopicPartition, Long> ends, CompletableFuture<Void> future) {}

  /**
   * Completes when the core was told everything that stood on the topic at the time of this call.
   * Any thread may call.
   */
  public CompletableFuture<Void> catchUp() {
    var future = new CompletableFuture<Void>();
    asked.add(future);
    consumer.wakeup();
    return future;
  }

  public void stop() {
    stopped = true;
    consumer.wakeup();
  }

  @Override
  public void run() {
    try (consumer) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (!stopped) {
        try {
          takeAsked();
          consumer.poll(POLL).forEach(this::tell);
          answer();
        } catch (WakeupException _) {
          // Someone asked for something: the loop's next turn looks.
        }
      }
    } catch (RuntimeException e) {
      if (!stopped) {
        breakdown.restart("the control topic can't be read", e);
      }
    } catch (Error e) {
      breakdown.halt("the control reader met " + e);
    }
  }

  private void takeAsked() {
    while (!asked.isEmpty()) {
      // Asked first, taken out after: a wake-up in between leaves the question in the queue.
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      CompletableFuture<Void> future = asked.poll();
      if (future != null) {
        waiters.add(new Waiter(ends, future));
      }
    }
  }

  private void answer() {
    waiters.removeIf(waiter -> {
      boolean reached =
          waiter.ends().entrySet().stream()
              .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
      if (reached) {
        waiter.future().complete(null);
      }
      return reached;
    });
  }

  private void tell(ConsumerRecord<byte[], byte[]> record) {
    Optional<JobId> hurried = RetryNowRecords.jobOf(record.key());
    if (hurried.isPresent()) {
      tellOfHurry(hurried.get(), record);
      return;
    }
    if (record.value() == null) {
      if (record.key() != null) {
        JobId.parse(new String(record.key(), StandardCharsets.UTF_8))
            .ifPresent(id -> inbox.tell(new CoreEvent.CancelForgotten(id)));
      }
      return;
    }
    switch (JsonCodec.CANCEL_REQUESTS.decode(record.value())) {
      case Decoded.Value<CancelRequest>(CancelRequest request) ->
          inbox.tell(new CoreEvent.CancelRequested(request.jobId(), request.generation()));
      case Decoded.Refused<CancelRequest>(String reason) -> unreadable(record, reason);
    }
  }

  private void tellOfHurry(JobId id, ConsumerRecord<byte[], byte[]> record) {
    if (record.value() == null) {
      inbox.tell(new CoreEvent.RetryNowForgotten(id));
      return;
    }
    switch (JsonCodec.RETRY_NOW_REQUESTS.decode(record.value())) {
      case Decoded.Value<RetryNowRequest>(RetryNowRequest request) -> {
        if (request.jobId().equals(id)) {
          inbox.tell(new CoreEvent.RetryNowRequested(request));
        } else {
          unreadable(record, "its key names another job than its value");
        }
      }
      case Decoded.Refused<RetryNowRequest>(String reason) -> unreadable(record, reason);
    }
  }

  private static void unreadable(ConsumerRecord<byte[], byte[]> record, String reason) {
    log.warn(
        "skips an unreadable record at {}-{}@{}: {}",
        record.topic(),
        record.partition(),
        record.offset(),
        reason);
  }
}
