package dev.penstock.streams.fleet;

import dev.penstock.codec.JsonCodec;
import dev.penstock.fleet.WorkerCommand;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.streams.report.AttentionSource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** What is known of workers and topics, and what operators can do about workers. Thread-safe. */
public final class Fleet implements AutoCloseable {
  private static final Duration WRITE_WITHIN = Duration.ofSeconds(10);
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

  private final KafkaConfig kafka;
  private final InstantSource clock;
  private final FleetTail tail;
  private final TopicFigures topics;
  private final FleetAttention attention;
  private @Nullable Producer<byte[], byte[]> producer;
  private boolean closed;

  private Fleet(KafkaConfig kafka, Admin admin, InstantSource clock) {
    this.kafka = kafka;
    this.clock = clock;
    this.tail =
        new FleetTail(
            kafka.topics().workers(),
            () ->
                new KafkaConsumer<>(
                    readerSettings(kafka),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer()),
            clock);
    this.topics = new TopicFigures(kafka.topics(), admin, clock);
    this.attention = new FleetAttention(tail, topics, clock);
  }

  /**
   * Begins to follow what workers tell.
   *
   * @param admin asked about topics; stays the caller's
   */
  public static Fleet open(KafkaConfig kafka, Admin admin, InstantSource clock) {
    var fleet = new Fleet(kafka, admin, clock);
    fleet.tail.start();
    return fleet;
  }

  /** What a person should look at. */
  public AttentionSource attention() {
    return attention;
  }

  /** The currency of the workers' prices, where they tell of one. */
  public Optional<String> currency() {
    return tail.workers().map(ProvidersAnswer::currency);
  }

  Optional<List<FleetTail.Worker>> workers() {
    return tail.workers();
  }

  TopicFigures topics() {
    return topics;
  }

  /**
   * Tells a worker to drain or to go on; returns when that is durable.
   *
   * @throws KafkaException when it is not, or that is not known
   */
  void command(String worker, boolean drain) throws InterruptedException {
    var command = new WorkerCommand(worker, drain, clock.instant());
    var record =
        new ProducerRecord<>(
            kafka.topics().workers(),
            0,
            command.key().getBytes(StandardCharsets.UTF_8),
            JsonCodec.WORKER_COMMANDS.encode(command));
    try {
      writer().send(record).get(WRITE_WITHIN.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new KafkaException("the command was not acknowledged: " + e.getMessage(), e);
    }
  }

  private synchronized Producer<byte[], byte[]> writer() {
    if (closed) {
      throw new KafkaException("this instance is stopping");
    }
    Producer<byte[], byte[]> writer = producer;
    if (writer == null) {
      Map<String, Object> settings = kafka.clientSettings("penstock-streams-fleet-command");
      settings.put("acks", "all");
      settings.put("delivery.timeout.ms", 8_000);
      settings.put("request.timeout.ms", 4_000);
      settings.put("max.block.ms", 8_000L);
      settings.put("linger.ms", 0);
      writer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
      producer = writer;
    }
    return writer;
  }

  private static Map<String, Object> readerSettings(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.clientSettings("penstock-streams-fleet");
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", false);
    settings.put("isolation.level", "read_uncommitted");
    settings.put("default.api.timeout.ms", 5_000);
    return settings;
  }

  @Override
  public void close() {
    tail.close();
    Producer<byte[], byte[]> writer;
    synchronized (this) {
      closed = true;
      writer = producer;
    }
    if (writer != null) {
      writer.close(CLOSE_WITHIN);
    }
  }
}
