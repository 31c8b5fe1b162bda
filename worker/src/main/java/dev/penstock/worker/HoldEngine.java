package dev.penstock.worker;

import dev.penstock.lifecycle.Health;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.Topics;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.hold.HoldLoop;
import dev.penstock.worker.hold.HoldMetrics;
import dev.penstock.worker.hold.Requests;
import dev.penstock.worker.thread.Threads;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of what moves held jobs on: a consumer and a producer of its own, so that when it breaks
 * down the calls that run go on.
 */
final class HoldEngine implements Life {
  private static final Logger log = LoggerFactory.getLogger(HoldEngine.class);

  private final Producer<byte[], byte[]> producer;
  private final HoldLoop loop;
  private final Threads.Task thread;
  private final Duration patience;

  /**
   * Fences whatever used this worker's {@code transactional.id} before, and begins.
   *
   * @param topicIds the ids of the hold topics
   * @param requests what people ask of jobs that wait
   * @throws org.apache.kafka.common.KafkaException when Kafka can't be reached or refuses
   */
  HoldEngine(
      WorkerConfig config,
      Machine machine,
      KafkaClients clients,
      Map<String, Uuid> topicIds,
      Requests requests,
      HoldMetrics metrics,
      Breakdown breakdown) {
    KafkaConfig kafka = config.kafka();
    Duration timeout = config.timing().transactionTimeout();
    this.patience = timeout.plusSeconds(5);
    this.producer = clients.producer(producerSettings(config));
    try {
      producer.initTransactions();
    } catch (RuntimeException e) {
      producer.close(Duration.ZERO);
      throw e;
    }
    this.loop =
        new HoldLoop(
            new HoldLoop.Kafka(
                clients.consumer(consumerSettings(config)),
                () -> clients.consumer(searchSettings(config)),
                producer,
                topicIds,
                config.holding().metadataChars()),
            kafka.topics(),
            requests,
            machine.clock(),
            timeout,
            breakdown,
            metrics);
    this.thread = machine.threads().platform("worker-hold", loop);
    thread.start();
  }

  @Override
  public Instant turnedAt() {
    return loop.turnedAt();
  }

  /** More workers than partitions is no fault: one that has none to move is well. */
  @Override
  public Health health() {
    return Health.READY;
  }

  @Override
  public void close() {
    loop.stop();
    join(patience);
    producer.close(Duration.ofSeconds(2));
  }

  @Override
  public void abandon() {
    loop.stop();
    // A transaction that is open is ended by the successor's initTransactions, or by its timeout.
    producer.close(Duration.ZERO);
    join(patience);
  }

  private void join(Duration bound) {
    try {
      if (!thread.join(bound)) {
        log.warn("the thread {} did not end within {}", thread.name(), bound);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Map<String, Object> producerSettings(WorkerConfig config) {
    int timeout = (int) config.timing().transactionTimeout().toMillis();
    Map<String, Object> settings =
        new HashMap<>(config.kafka().clientSettings(config.id() + "-hold"));
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("transactional.id", config.kafka().topics().prefix() + "hold-" + config.id());
    settings.put("transaction.timeout.ms", timeout);
    settings.put("delivery.timeout.ms", timeout);
    settings.put("request.timeout.ms", Math.min(5_000, timeout));
    settings.put("max.block.ms", (long) timeout);
    settings.put("linger.ms", 0);
    settings.put("batch.size", 128 * 1024);
    settings.put("buffer.memory", 16L * 1024 * 1024);
    settings.put("max.request.size", Topics.MAX_RECORD_BYTES + 64 * 1024);
    // A transaction that begins right after another finds the coordinator still busy; it asks again
    // soon.
    settings.put("retry.backoff.ms", 5L);
    settings.put("retry.backoff.max.ms", 500L);
    return settings;
  }

  private static Map<String, Object> consumerSettings(WorkerConfig config) {
    KafkaConfig kafka = config.kafka();
    Map<String, Object> settings = new HashMap<>(kafka.clientSettings(config.id() + "-hold"));
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    settings.put("enable.auto.commit", false);
    settings.put("isolation.level", "read_committed");
    settings.put("group.id", kafka.topics().holdGroup());
    settings.put("group.protocol", "consumer");
    settings.put("group.remote.assignor", RealKafkaClients.ASSIGNOR);
    settings.put("auto.offset.reset", "none");
    settings.put("max.poll.records", 1_000);
    // What waits further back is fetched when it is its turn: the memory is the same however many
    // wait.
    settings.put("max.partition.fetch.bytes", 256 * 1024);
    settings.put("fetch.max.bytes", 4 * 1024 * 1024);
    return settings;
  }

  private static Map<String, Object> searchSettings(WorkerConfig config) {
    Map<String, Object> settings =
        new HashMap<>(config.kafka().clientSettings(config.id() + "-hold-search"));
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    settings.put("enable.auto.commit", false);
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "none");
    settings.put("max.poll.records", 1_000);
    settings.put("max.partition.fetch.bytes", 512 * 1024);
    settings.put("fetch.max.bytes", 4 * 1024 * 1024);
    return settings;
  }
}
