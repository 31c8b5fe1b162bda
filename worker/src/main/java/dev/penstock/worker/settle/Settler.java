package dev.penstock.worker.settle;

import dev.penstock.topic.Topics;
import dev.penstock.worker.claim.Ownership;
import dev.penstock.worker.core.Batch;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.thread.Threads;
import dev.penstock.worker.trace.JobTraces;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that owns the transactional producer. A batch is one transaction, begun when the
 * batch is there and open for milliseconds. A commit whose result is unknown is repeated, never
 * redone; when it stays unknown everything in memory is dropped and the worker begins anew from
 * what turns out to be committed.
 */
public final class Settler implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Settler.class);

  /** Refusals in a row after which the worker begins anew. */
  private static final int MAX_REFUSALS = 50;

  /** How often it looks whether it is to stop. */
  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Producer<byte[], byte[]> producer;
  private final BatchEncoder encoder;
  private final Supplier<@Nullable Ownership> ownership;
  private final CoreInbox inbox;
  private final Breakdown breakdown;
  private final InstantSource clock;
  private final Duration commitPatience;
  private final Timer commits;
  private final Threads threads;
  private final JobTraces traces;
  private final Threads.Signal submitted;
  private final Queue<Batch> next = new ArrayBlockingQueue<>(1);
  private final ClockCheck clockCheck;
  private final ProducerRecord<byte[], byte[]> heartbeat;
  private int refusals;
  private volatile long turnedAt;
  private volatile long workedAt;
  private volatile boolean stopped;

  /**
   * @param worker who writes
   * @param producer with {@code initTransactions} done
   * @param ownership the latest snapshot of what the consumer owns
   * @param commitPatience how long a commit with an unknown result is repeated
   * @param clockCheck what is written shows how far the clock is off
   * @param commits times each transaction
   * @param traces is told of each
   */
  public Settler(
      String worker,
      Producer<byte[], byte[]> producer,
      Topics topics,
      Supplier<@Nullable Ownership> ownership,
      CoreInbox inbox,
      Breakdown breakdown,
      InstantSource clock,
      Duration commitPatience,
      ClockCheck clockCheck,
      Timer commits,
      Threads threads,
      JobTraces traces) {
    this.producer = producer;
    this.encoder = new BatchEncoder(topics);
    this.heartbeat = ClockCheck.heartbeat(topics.control(), worker);
    this.clockCheck = clockCheck;
    this.ownership = ownership;
    this.inbox = inbox;
    this.breakdown = breakdown;
    this.clock = clock;
    this.commitPatience = commitPatience;
    this.commits = commits;
    this.threads = threads;
    this.traces = traces;
    this.submitted = threads.signal();
    this.turnedAt = threads.nanoTime();
    this.workedAt = turnedAt;
  }

  /**
   * Hands over a batch. The core hands over the next one only when this one is answered. Never
   * blocks.
   */
  public void submit(Batch batch) {
    next.add(batch);
    submitted.give();
  }

  /** When the thread last looked for work, by {@link Threads#nanoTime}. Any thread may ask. */
  public long turnedAt() {
    return turnedAt;
  }

  /** When a transaction was last committed, by {@link Threads#nanoTime}. Any thread may ask. */
  public long workedAt() {
    return workedAt;
  }

  /** Ends the thread after the transaction that is under way. */
  public void stop() {
    stopped = true;
  }

  @Override
  public void run() {
    try {
      while (!stopped) {
        turnedAt = threads.nanoTime();
        Batch batch = next.poll();
        if (batch == null) {
          submitted.await(() -> !next.isEmpty(), IDLE_NANOS);
        } else {
          settle(batch);
        }
      }
    } catch (InterruptException e) {
      breakdown.restart("the settling thread was interrupted", e);
    } catch (RuntimeException e) {
      breakdown.restart("settling failed", e);
    } catch (Error e) {
      breakdown.halt("the settling thread met " + e);
    }
  }

  private void settle(Batch batch) {
    Ownership snapshot = ownership.get();
    boolean ofPartitions = !batch.offsets().isEmpty();
    if (ofPartitions && (snapshot == null || !snapshot.covers(batch.offsets().keySet()))) {
      refuse(batch, "not all of its partitions are owned at the moment", null);
      return;
    }
    var records = encoder.encode(batch, clock.instant());
    if (records.isEmpty()) {
      records.add(heartbeat);
    }
    Future<RecordMetadata> last = null;
    Instant sentAt;
    long begin = threads.nanoTime();
    try {
      producer.beginTransaction();
      sentAt = clock.instant();
      for (ProducerRecord<byte[], byte[]> record : records) {
        // A failed send fails the commit.
        last = producer.send(record);
      }
      if (snapshot != null && ofPartitions) {
        producer.sendOffsetsToTransaction(snapshot.stamped(batch.offsets()), snapshot.group());
      }
    } catch (CommitFailedException e) {
      abort(batch, "its member of the group is out of date", e);
      return;
    } catch (ProducerFencedException e) {
      fenced(e);
      return;
    } catch (AuthenticationException | AuthorizationException | UnsupportedVersionException e) {
      breakdown.die("Kafka refuses this worker: " + e.getMessage());
      return;
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      abort(batch, "the transaction failed before its commit", e);
      return;
    }
    if (commit(batch)) {
      refusals = 0;
      commits.record(threads.nanoTime() - begin, TimeUnit.NANOSECONDS);
      workedAt = threads.nanoTime();
      inbox.tell(new CoreEvent.Committed(batch));
      if (traces.isOn()) {
        traces.committed(batch, sentAt, clock.instant());
      }
      clockCheck
          .problem(sentAt, Objects.requireNonNull(last), clock.instant())
          .ifPresent(
              problem -> breakdown.restart(problem, new IllegalStateException("the clock is off")));
    }
  }

  private boolean commit(Batch batch) {
    Instant deadline = clock.instant().plus(commitPatience);
    while (true) {
      try {
        producer.commitTransaction();
        return true;
      } catch (TimeoutException e) {
        if (clock.instant().isAfter(deadline)) {
          breakdown.restart("the result of a commit stayed unknown for " + commitPatience, e);
          return false;
        }
        log.warn("the result of a commit is unknown; asks again", e);
      } catch (CommitFailedException e) {
        abort(batch, "its member of the group is out of date", e);
        return false;
      } catch (ProducerFencedException e) {
        fenced(e);
        return false;
      } catch (AuthenticationException | AuthorizationException e) {
        breakdown.die("Kafka refuses this worker: " + e.getMessage());
        return false;
      } catch (InterruptException e) {
        throw e;
      } catch (KafkaException e) {
        abort(batch, "the commit was refused", e);
        return false;
      }
    }
  }

  private void abort(Batch batch, String why, KafkaException cause) {
    try {
      producer.abortTransaction();
    } catch (KafkaException e) {
      e.addSuppressed(cause);
      breakdown.restart("a transaction could not be aborted", e);
      return;
    }
    refuse(batch, why, cause);
  }

  private void refuse(Batch batch, String why, @Nullable KafkaException cause) {
    refusals++;
    log.warn(
        "a batch of {} was not committed ({}); nothing of it is visible", batch.size(), why, cause);
    if (refusals >= MAX_REFUSALS) {
      breakdown.restart(
          refusals + " batches in a row were refused", new IllegalStateException(why, cause));
      return;
    }
    inbox.tell(new CoreEvent.Refused(batch));
  }

  private void fenced(ProducerFencedException cause) {
    breakdown.restart(
        "the producer was fenced: a transaction timed out while this process stood still, or two"
            + " workers have the same worker.id; give each its own",
        cause);
  }
}
