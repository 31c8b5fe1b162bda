package dev.penstock.worker.claim;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.core.SourceRecord;
import dev.penstock.worker.thread.Threads;
import dev.penstock.worker.window.WindowMetadata;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that owns the consumer: polls, decodes, tells the core what came and what is
 * owned, and applies the core's pauses. It never waits for a job. Partitions that are new stay
 * paused until their committed window is read (outside the rebalance callback, where that could
 * block) and all cancel requests up to now are known.
 */
public final class ClaimLoop implements Runnable, ConsumerRebalanceListener {
  private static final Logger log = LoggerFactory.getLogger(ClaimLoop.class);

  private static final Duration POLL = Duration.ofMillis(100);

  /**
   * The rest between two polls that find nothing while something is paused. A poll of Kafka 4.3.1
   * that waits beside fetched records of paused partitions does not sleep but spins, so such polls
   * do not wait at all (measured: half of this thread's time with a provider of no latency).
   */
  private static final long PAUSED_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private static final Duration COMMITTED_TIMEOUT = Duration.ofSeconds(1);

  /** How long to wait before asking again for an offset that an open transaction holds back. */
  private static final long UNSTABLE_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long TAIL_PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** How many polled records may wait for the core before polling pauses. */
  private static final int MAX_BACKLOG = 20_000;

  private final Consumer<byte[], byte[]> consumer;
  private final List<String> topics;
  private final Map<String, Uuid> topicIds;
  private final ControlReader control;
  private final CoreInbox inbox;
  private final Breakdown breakdown;
  private final Duration releaseTimeout;
  private final Threads threads;

  private final Map<TopicPartition, CompletableFuture<Void>> restoring = new HashMap<>();
  private final Map<TopicPartition, Long> positions = new HashMap<>();
  private final LeaderEpochs epochs = new LeaderEpochs();
  private long tailsAt;
  private long restoreAt;
  private Set<TopicPartition> pausedApplied = Set.of();
  private final Threads.Signal wishes;
  private volatile Set<TopicPartition> pausedByCore = Set.of();
  private volatile @Nullable Ownership ownership;
  private volatile long turnedAt;
  private volatile boolean stopped;
  private volatile boolean abandoned;

  /**
   * @param topics what to consume
   * @param topicIds the ids that these topics have now
   * @param releaseTimeout how long the core may take to let partitions go before the process is
   *     halted
   */
  public ClaimLoop(
      Consumer<byte[], byte[]> consumer,
      List<String> topics,
      Map<String, Uuid> topicIds,
      ControlReader control,
      CoreInbox inbox,
      Breakdown breakdown,
      Duration releaseTimeout,
      Threads threads) {
    this.consumer = consumer;
    this.topics = List.copyOf(topics);
    this.topicIds = Map.copyOf(topicIds);
    this.control = control;
    this.inbox = inbox;
    this.breakdown = breakdown;
    this.releaseTimeout = releaseTimeout;
    this.threads = threads;
    this.wishes = threads.signal();
    this.restoreAt = threads.nanoTime();
    this.turnedAt = restoreAt;
  }

  /** The latest snapshot; null before the first assignment. */
  public @Nullable Ownership ownership() {
    return ownership;
  }

  /** Whether partitions are assigned and all of them are being claimed from. Any thread may ask. */
  public boolean isAssigned() {
    Ownership now = ownership;
    return now != null && now.group().generationId() >= 0;
  }

  /** Takes over the core's wish; applied after the next poll. Any thread may call. */
  public void pause(Set<TopicPartition> partitions) {
    pausedByCore = partitions;
    wishes.give();
  }

  /**
   * Ends the loop after the poll that is under way; the consumer leaves its group, letting the core
   * commit what is finished.
   */
  public void stop() {
    stopped = true;
  }

  /** Ends the loop without waiting for the core in callbacks: all in memory is dropped anyway. */
  public void abandon() {
    abandoned = true;
    stopped = true;
    consumer.wakeup();
  }

  @Override
  public void run() {
    try {
      consumer.subscribe(topics, this);
      while (!stopped) {
        turn();
      }
    } catch (WakeupException e) {
      if (!stopped) {
        breakdown.restart("the consumer was woken up", e);
      }
    } catch (NoOffsetForPartitionException | OffsetOutOfRangeException e) {
      breakdown.die(
          "the offsets of the workers and the log do not fit together: "
              + e.getMessage()
              + ". Records were deleted or offsets have expired; nothing is claimed until someone"
              + " has looked");
    } catch (AuthenticationException | AuthorizationException | UnsupportedVersionException e) {
      breakdown.die("Kafka refuses this worker: " + e.getMessage());
    } catch (InterruptException e) {
      breakdown.restart("the claim loop was interrupted", e);
    } catch (RuntimeException e) {
      breakdown.restart("the consumer failed", e);
    } catch (Error e) {
      breakdown.halt("the claim loop met " + e);
    } finally {
      close();
    }
  }

  private void close() {
    try {
      consumer.close(
          org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(10)));
    } catch (KafkaException e) {
      log.warn(
          "the consumer did not leave its group cleanly; its partitions move after the session"
              + " timeout",
          e);
    }
  }

  /** When the loop last turned, by {@link Threads#nanoTime}. Any thread may ask. */
  public long turnedAt() {
    return turnedAt;
  }

  private void turn() {
    turnedAt = threads.nanoTime();
    boolean paused = !consumer.paused().isEmpty();
    var records = consumer.poll(paused ? Duration.ZERO : POLL);
    if (paused && records.isEmpty()) {
      wishes.await(() -> !pausedByCore.equals(pausedApplied), PAUSED_REST_NANOS);
    }
    publish();
    records.nextOffsets().forEach(epochs::pass);
    for (TopicPartition partition : records.partitions()) {
      var claimed = new ArrayList<SourceRecord>();
      records.records(partition).forEach(record -> claimed.add(decode(partition, record)));
      tell(partition, claimed, claimed.getLast().offset() + 1);
    }
    tails();
    restore();
    applyPauses();
  }

  private void tell(TopicPartition partition, List<SourceRecord> records, long position) {
    positions.put(partition, position);
    inbox.tell(new CoreEvent.Polled(partition, records, position));
  }

  /**
   * Transaction markers and aborted records at the end of a partition show in the position only.
   */
  private void tails() {
    long now = threads.nanoTime();
    if (now - tailsAt < TAIL_PERIOD_NANOS) {
      return;
    }
    tailsAt = now;
    for (TopicPartition partition : consumer.assignment()) {
      if (restoring.containsKey(partition)) {
        continue;
      }
      long position;
      try {
        position = consumer.position(partition, COMMITTED_TIMEOUT);
      } catch (org.apache.kafka.common.errors.TimeoutException e) {
        // It is being compared with a new leader's log; a later look will do.
        log.debug("the position in {} is not known now", partition, e);
        return;
      }
      if (position != positions.getOrDefault(partition, -1L)) {
        tell(partition, List.of(), position);
      }
    }
  }

  private void applyPauses() {
    Set<TopicPartition> assigned = consumer.assignment();
    pausedApplied = pausedByCore;
    var wanted = new HashSet<>(inbox.backlog() > MAX_BACKLOG ? assigned : pausedApplied);
    wanted.addAll(restoring.keySet());
    wanted.retainAll(assigned);
    // Partitions that are newly assigned arrive unpaused, so what is paused is asked each time.
    // Each
    // change is a trip to the consumer's own thread and back.
    Set<TopicPartition> paused = consumer.paused();
    if (wanted.equals(paused)) {
      return;
    }
    var resumed = new HashSet<>(paused);
    resumed.removeAll(wanted);
    wanted.removeAll(paused);
    if (!wanted.isEmpty()) {
      consumer.pause(wanted);
    }
    if (!resumed.isEmpty()) {
      consumer.resume(resumed);
    }
  }

  // Ownership

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    if (partitions.isEmpty()) {
      publish();
      return;
    }
    log.info("assigned {}", partitions);
    consumer.pause(partitions);
    CompletableFuture<Void> controlKnown = control.catchUp();
    partitions.forEach(partition -> restoring.put(partition, controlKnown));
    publish();
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    if (partitions.isEmpty()) {
      return;
    }
    log.info("gives back {}", partitions);
    letGo(partitions, new CompletableFuture<>(), true);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> partitions) {
    if (partitions.isEmpty()) {
      return;
    }
    log.warn("lost {}: this worker was out of touch with its group", partitions);
    letGo(partitions, new CompletableFuture<>(), false);
  }

  private void letGo(
      Collection<TopicPartition> partitions, CompletableFuture<Void> released, boolean stillOurs) {
    if (abandoned) {
      return;
    }
    Set<TopicPartition> gone = Set.copyOf(partitions);
    restoring.keySet().removeAll(gone);
    positions.keySet().removeAll(gone);
    inbox.tell(
        stillOurs ? new CoreEvent.Revoked(gone, released) : new CoreEvent.Lost(gone, released));
    try {
      var _ = threads.await(released, releaseTimeout);
    } catch (TimeoutException e) {
      if (!abandoned) {
        breakdown.halt(
            "a running transaction did not end within " + releaseTimeout + " of losing " + gone);
      }
    } catch (ExecutionException e) {
      breakdown.restart("the core did not let go of " + gone, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
    epochs.forget(gone);
    Ownership before = ownership;
    if (before != null) {
      var rest = new HashSet<>(before.partitions());
      rest.removeAll(gone);
      ownership = new Ownership(before.group(), rest, epochs);
    }
  }

  private void publish() {
    Ownership before = ownership;
    var group = consumer.groupMetadata();
    Set<TopicPartition> assigned = consumer.assignment();
    if (before == null || !before.partitions().equals(assigned) || !before.group().equals(group)) {
      ownership = new Ownership(group, assigned, epochs);
    }
  }

  // Restoring

  /** Reads back, for partitions that are new, what their former owners finished. */
  private void restore() {
    if (restoring.isEmpty() || threads.nanoTime() - restoreAt < 0) {
      return;
    }
    var ready = new HashSet<TopicPartition>();
    restoring.forEach((partition, controlKnown) -> {
      if (controlKnown.isDone()) {
        ready.add(partition);
      }
    });
    if (ready.isEmpty()) {
      return;
    }
    Map<TopicPartition, OffsetAndMetadata> committed;
    try {
      committed = consumer.committed(ready, COMMITTED_TIMEOUT);
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      // An open transaction of the former owner holds the offset back: polling goes on meanwhile.
      restoreAt = threads.nanoTime() + UNSTABLE_PAUSE_NANOS;
      log.debug("the offsets of {} are not stable yet", ready, e);
      return;
    }
    for (TopicPartition partition : ready) {
      OffsetAndMetadata offset = committed.get(partition);
      if (offset == null) {
        breakdown.die(
            "the workers have no committed offset for "
                + partition
                + ": it has expired or was deleted, so no one knows which jobs are done");
        return;
      }
      var restored =
          WindowMetadata.read(
              offset.offset(),
              Objects.requireNonNull(topicIds.get(partition.topic())),
              offset.metadata());
      switch (restored) {
        case WindowMetadata.Restored.Unreadable(String reason) -> {
          breakdown.die(
              "the metadata of the workers' committed offset for "
                  + partition
                  + " can't be used: "
                  + reason);
          return;
        }
        case WindowMetadata.Restored.Window(var window, var custody) -> {
          consumer.seek(partition, offset);
          epochs.begin(partition, offset);
          restoring.remove(partition);
          inbox.tell(
              new CoreEvent.Assigned(
                  partition,
                  Objects.requireNonNull(topicIds.get(partition.topic())),
                  window,
                  custody));
        }
      }
    }
  }

  // Decoding

  private static SourceRecord decode(
      TopicPartition partition, ConsumerRecord<byte[], byte[]> record) {
    Decoded<JobRecord> content = read(record.value());
    var raw =
        content instanceof Decoded.Refused<JobRecord>
            ? new SourceRecord.Raw(record.key(), record.value(), generation(record))
            : null;
    int bytes = record.value() == null ? 0 : record.value().length;
    return new SourceRecord(
        partition, record.offset(), content, raw, bytes, value(record, RecordHeaders.TRACEPARENT));
  }

  /** What is larger than the intake lets in could not be written again with its history. */
  private static Decoded<JobRecord> read(byte @Nullable [] value) {
    if (value != null && value.length > Topics.MAX_JOB_RECORD_BYTES) {
      return new Decoded.Refused<>(
          value.length
              + " bytes are more than a job with its history may have, "
              + Topics.MAX_JOB_RECORD_BYTES);
    }
    return switch (JsonCodec.JOB_RECORDS.decode(value)) {
      case Decoded.Value<JobRecord>(JobRecord job) when job.attempts().size() > Job.MAX_ATTEMPTS ->
          new Decoded.Refused<>(job.attempts().size() + " attempts are more than a job may have");
      case Decoded<JobRecord> content -> content;
    };
  }

  private static int generation(ConsumerRecord<byte[], byte[]> record) {
    byte[] text = value(record, RecordHeaders.GENERATION);
    try {
      return text == null ? -1 : Integer.parseInt(new String(text, StandardCharsets.UTF_8));
    } catch (NumberFormatException _) {
      return -1;
    }
  }

  private static byte @Nullable [] value(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : header.value();
  }
}
