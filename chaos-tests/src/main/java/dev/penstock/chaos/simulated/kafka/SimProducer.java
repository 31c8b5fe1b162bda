package dev.penstock.chaos.simulated.kafka;

import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import dev.penstock.chaos.simulated.strand.Strand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * A producer, transactional when it has a {@code transactional.id}. Records wait in it until
 * offsets are sent or the transaction is committed; outside of transactions they are appended at
 * once.
 */
public class SimProducer implements Producer<byte[], byte[]> {
  /** What a client can do. */
  private enum State {
    UNINITIALISED,
    READY,
    IN_TRANSACTION,
    COMMITTING,
    ABORTING,
    ABORTABLE,
    FATAL
  }

  private final SimKafka kafka;
  private final Scheduler scheduler;
  private final Requests requests;
  private final @Nullable String id;
  private final Duration maxBlock;
  private final Duration deliveryTimeout;
  private final long transactionTimeoutNanos;
  private final List<Batch> unsent = new ArrayList<>();
  private State state = State.UNINITIALISED;
  private Transactions.Identity who = new Transactions.Identity(0, 0);
  private @Nullable RuntimeException error;
  private @Nullable Strand busy;
  private boolean touched;
  private boolean closed;

  /** A producer with Kafka's own settings, in a process. */
  public SimProducer(SimKafka kafka, SimProcess process, Map<String, Object> settings) {
    this.kafka = kafka;
    this.scheduler = kafka.scheduler();
    this.id = (String) settings.get("transactional.id");
    this.maxBlock = Settings.millis(settings, "max.block.ms", 60_000);
    this.deliveryTimeout = Settings.millis(settings, "delivery.timeout.ms", 120_000);
    this.transactionTimeoutNanos =
        Settings.millis(settings, "transaction.timeout.ms", 60_000).toNanos();
    this.requests =
        new Requests(
            kafka,
            process,
            String.valueOf(settings.get("client.id")),
            Settings.millis(settings, "request.timeout.ms", 30_000),
            Settings.millis(settings, "retry.backoff.ms", 100));
  }

  /** Records for one partition; appended once, however often they are sent. */
  private static final class Batch {
    final TopicPartition partition;
    final List<SimLog.Data> records = new ArrayList<>();
    final List<CompletableFuture<RecordMetadata>> futures = new ArrayList<>();
    boolean appended;

    Batch(TopicPartition partition) {
      this.partition = partition;
    }
  }

  @Override
  public void initTransactions() {
    checkOpen();
    if (state != State.UNINITIALISED) {
      throw new IllegalStateException("initTransactions was called before");
    }
    who =
        call(
            Network.Api.INIT_PRODUCER,
            maxBlock,
            () -> kafka.transactions().init(transactionalId(), transactionTimeoutNanos));
    state = State.READY;
  }

  @Override
  public void beginTransaction() {
    checkOpen();
    failWithError();
    if (state != State.READY) {
      throw new IllegalStateException("a transaction can't begin in state " + state);
    }
    state = State.IN_TRANSACTION;
    touched = false;
  }

  @Override
  public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
    return send(record, null);
  }

  @Override
  public Future<RecordMetadata> send(
      ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
    checkOpen();
    var partition = new TopicPartition(record.topic(), partition(record));
    var data = new SimLog.Data(record.key(), record.value(), record.headers());
    var future = new CompletableFuture<RecordMetadata>();
    if (callback != null) {
      var _ =
          future.whenComplete((done, failure) -> callback.onCompletion(done, asException(failure)));
    }
    if (id == null) {
      future.complete(metadata(partition, kafka.append(partition, data, null)));
      return future;
    }
    failWithError();
    if (state != State.IN_TRANSACTION) {
      throw new IllegalStateException("nothing can be sent in state " + state);
    }
    Batch last =
        unsent.stream()
            .filter(batch -> batch.partition.equals(partition))
            .findFirst()
            .orElseGet(() -> {
              var batch = new Batch(partition);
              unsent.add(batch);
              return batch;
            });
    last.records.add(data);
    last.futures.add(future);
    return future;
  }

  private static @Nullable Exception asException(@Nullable Throwable failure) {
    return failure instanceof Exception e ? e : null;
  }

  private int partition(ProducerRecord<byte[], byte[]> record) {
    if (record.partition() != null) {
      return record.partition();
    }
    byte[] key = record.key();
    int count = kafka.partitionCount(record.topic());
    return key == null ? 0 : Utils.toPositive(Utils.murmur2(key)) % count;
  }

  private RecordMetadata metadata(TopicPartition partition, long offset) {
    long appendedAt = kafka.log(partition).appendedAtMillis(offset);
    return new RecordMetadata(partition, offset, 0, appendedAt, 0, 0);
  }

  @Override
  public void sendOffsetsToTransaction(
      Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
    checkOpen();
    failWithError();
    if (state != State.IN_TRANSACTION) {
      throw new IllegalStateException("offsets can't be sent in state " + state);
    }
    if (scheduler.below(2) == 0) {
      // The sender may have been quick.
      flushTransaction();
      failWithError();
    }
    var wanted = new LinkedHashMap<>(offsets);
    // What arrives late arrives with the epoch that it was sent with.
    Transactions.Identity as = who;
    touched = true;
    call(
        Network.Api.COMMIT_OFFSETS,
        maxBlock,
        () -> {
          Transaction transaction = kafka.transactions().join(transactionalId(), as);
          kafka.transactions().touchesGroup(transactionalId(), group.groupId());
          kafka
              .group(group.groupId())
              .commit(transaction, group.memberId(), group.generationId(), wanted);
          return true;
        });
  }

  @Override
  public void commitTransaction() {
    checkOpen();
    if (state != State.COMMITTING) {
      failWithError();
      if (state != State.IN_TRANSACTION) {
        throw timedOutBefore("commitTransaction");
      }
      state = State.COMMITTING;
    }
    flushTransaction();
    failWithError();
    end(true);
  }

  @Override
  public void abortTransaction() {
    checkOpen();
    if (state == State.FATAL) {
      failWithError();
    }
    if (state != State.IN_TRANSACTION && state != State.ABORTABLE && state != State.ABORTING) {
      throw timedOutBefore("abortTransaction");
    }
    state = State.ABORTING;
    KafkaException dropped = new KafkaException("the transaction was aborted");
    unsent.forEach(batch -> batch.futures.forEach(future -> future.completeExceptionally(dropped)));
    unsent.clear();
    error = null;
    end(false);
  }

  /** As a new producer with the same id: whatever was open is ended. */
  protected final void beginAnew() {
    state = State.UNINITIALISED;
    error = null;
    touched = false;
    unsent.clear();
    initTransactions();
  }

  private IllegalStateException timedOutBefore(String operation) {
    return new IllegalStateException(
        "Cannot attempt operation `" + operation + "` in state " + state);
  }

  private void end(boolean commit) {
    if (touched) {
      Transactions.Identity as = who;
      who =
          call(
              Network.Api.END_TRANSACTION,
              maxBlock,
              () -> kafka.transactions().end(transactionalId(), as, commit));
    }
    state = State.READY;
    touched = false;
  }

  @Override
  public void flush() {
    if (id != null && state == State.IN_TRANSACTION) {
      flushTransaction();
    }
  }

  private void flushTransaction() {
    while (!unsent.isEmpty()) {
      Batch batch = unsent.getFirst();
      Transactions.Identity as = who;
      touched = true;
      try {
        call(Network.Api.PRODUCE, deliveryTimeout, () -> append(batch, as));
      } catch (TimeoutException e) {
        abortable(e);
        return;
      } catch (KafkaException e) {
        return;
      }
      unsent.removeFirst();
    }
  }

  private boolean append(Batch batch, Transactions.Identity as) {
    Transaction transaction = kafka.transactions().join(transactionalId(), as);
    if (!batch.appended) {
      batch.appended = true;
      kafka.transactions().touches(transactionalId(), batch.partition);
      for (int i = 0; i < batch.records.size(); i++) {
        long offset = kafka.append(batch.partition, batch.records.get(i), transaction);
        batch.futures.get(i).complete(metadata(batch.partition, offset));
      }
    }
    return true;
  }

  /** Asks the broker; what it refuses puts the client into the state that Kafka's would be in. */
  private <T> T call(Network.Api api, Duration patience, Supplier<T> atBroker) {
    busy = scheduler.me();
    try {
      return requests.ask(api, patience, () -> closed, atBroker);
    } catch (Requests.Cut _) {
      throw new KafkaException("Producer is closed forcefully.");
    } catch (Refusal e) {
      throw refused(api, e);
    } finally {
      busy = null;
    }
  }

  private RuntimeException refused(Network.Api api, Refusal refusal) {
    return switch (refusal.code()) {
      case UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH, FENCED_MEMBER_EPOCH ->
          abortable(
              new CommitFailedException(
                  "Transaction offset Commit failed due to consumer group metadata mismatch: "
                      + refusal.code()));
      case INVALID_PRODUCER_EPOCH ->
          api == Network.Api.PRODUCE
              ? abortable(new InvalidProducerEpochException("simulated"))
              : fatal(new ProducerFencedException("simulated: the epoch is out of date"));
      case PRODUCER_FENCED -> fatal(new ProducerFencedException("simulated: a newer one began"));
      case TRANSACTION_ABORTABLE -> abortable(new KafkaException("simulated: abortable"));
      case INVALID_TXN_STATE, OFFSET_METADATA_TOO_LARGE ->
          fatal(new KafkaException("Unexpected error: " + refusal.code()));
      case CONCURRENT_TRANSACTIONS, COORDINATOR_NOT_AVAILABLE, UNSTABLE_OFFSET_COMMIT ->
          throw new IllegalStateException(refusal.code() + " passes");
    };
  }

  private RuntimeException abortable(RuntimeException cause) {
    state = State.ABORTABLE;
    error = cause;
    return cause;
  }

  private RuntimeException fatal(RuntimeException cause) {
    state = State.FATAL;
    error = cause;
    return cause;
  }

  private void failWithError() {
    if (error instanceof ProducerFencedException fenced) {
      throw new ProducerFencedException(fenced.getMessage());
    }
    if (error != null) {
      throw new KafkaException(
          "Cannot execute transactional method because we are in an error state", error);
    }
  }

  private String transactionalId() {
    return Objects.requireNonNull(id, "this producer has no transactional.id");
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("Cannot perform operation after producer has been closed");
    }
  }

  @Override
  public void close() {
    close(Duration.ofDays(1));
  }

  /** An open transaction is aborted, when there is time for it. */
  @Override
  public void close(Duration timeout) {
    if (closed) {
      return;
    }
    long deadline = scheduler.now() + timeout.toNanos();
    while (busy != null && scheduler.now() < deadline) {
      scheduler.park(Math.min(deadline, scheduler.now() + 1_000_000));
    }
    boolean open = touched && state != State.COMMITTING && state != State.FATAL;
    if (busy == null && open && scheduler.now() < deadline) {
      try {
        var _ =
            requests.ask(
                Network.Api.END_TRANSACTION,
                Duration.ofNanos(deadline - scheduler.now()),
                () -> false,
                () -> kafka.transactions().end(transactionalId(), who, false));
      } catch (TimeoutException | Refusal _) {
        // The coordinator's timeout ends it.
      }
    }
    closed = true;
    if (busy != null) {
      scheduler.wake(busy);
    }
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    throw new UnsupportedOperationException("not simulated");
  }

  @Override
  public Map<MetricName, ? extends Metric> metrics() {
    return Map.of();
  }

  @Override
  public void registerMetricForSubscription(KafkaMetric metric) {
    throw new UnsupportedOperationException("not simulated");
  }

  @Override
  public void unregisterMetricFromSubscription(KafkaMetric metric) {
    throw new UnsupportedOperationException("not simulated");
  }

  @Override
  public Uuid clientInstanceId(Duration timeout) {
    throw new UnsupportedOperationException("not simulated");
  }
}
