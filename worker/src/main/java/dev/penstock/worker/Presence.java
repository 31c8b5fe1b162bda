package dev.penstock.worker;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.lifecycle.Health;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.worker.fleet.FleetLink;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * This worker in the eyes of others: tells how it is, and lets operators drain it and let it go on.
 * Thread-safe.
 */
final class Presence {
  private static final String VERSION = version();
  private static final String HOST = host();

  private final WorkerConfig config;
  private final Machine machine;
  private final Supervisor supervisor;
  private final WorkerMetrics metrics;
  private final IntSupplier port;
  private final Instant startedAt;
  private final FleetLink link;

  /** What an operator wants. */
  private volatile boolean drain;

  private volatile boolean stopping;
  private volatile boolean stopped;

  /**
   * @param port where health and metrics are served
   */
  Presence(
      WorkerConfig config,
      Machine machine,
      KafkaClients clients,
      Supervisor supervisor,
      WorkerMetrics metrics,
      MeterRegistry registry,
      IntSupplier port) {
    this.config = config;
    this.machine = machine;
    this.supervisor = supervisor;
    this.metrics = metrics;
    this.port = port;
    this.startedAt = machine.clock().instant();
    KafkaConfig kafka = config.kafka();
    this.link =
        new FleetLink(
            new FleetLink.Identity(
                config.id(),
                life(),
                config.reporting().interval(),
                config.reporting().drainOutlivesRestart()),
            kafka.topics().workers(),
            () -> clients.consumer(readerSettings(kafka)),
            () -> clients.producer(writerSettings(kafka)),
            this::report,
            this::drain,
            machine.threads(),
            Counter.builder("penstock.worker.reports.lost")
                .description("Reports of this worker about itself that Kafka did not take")
                .register(registry));
  }

  /** The supervisor's lives begin when it is known what operators want. */
  void start() {
    supervisor.rest(true, "it is being read whether an operator wants this worker drained");
    link.start();
  }

  private void drain(boolean wanted) {
    drain = wanted;
    supervisor.rest(
        wanted,
        "drained by an operator; 'penstock workers --resume "
            + config.id()
            + "' lets it work again");
  }

  /** It is about to end: it finishes what it runs. */
  void stopping() {
    stopping = true;
  }

  /** Tells that it has ended. */
  void stop() {
    stopped = true;
    try {
      link.stop(Duration.ofSeconds(4));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private WorkerReport report() {
    Engine.Doing doing = supervisor.doing();
    Health health = supervisor.health();
    return new WorkerReport(
        config.id(),
        life(),
        VERSION,
        HOST,
        startedAt,
        opsUrl(),
        state(),
        note(health),
        drain,
        new WorkerReport.Work(
            config.limits().slots(),
            Math.max(0, metrics.busy()),
            doing.stuck(),
            Math.max(0, metrics.claimed()),
            owned(doing),
            doing.calls()),
        metrics.surroundings());
  }

  private WorkerReport.State state() {
    if (stopped) {
      return WorkerReport.State.STOPPED;
    }
    if (stopping) {
      return WorkerReport.State.DRAINING;
    }
    if (!drain) {
      return WorkerReport.State.RUNNING;
    }
    return supervisor.isResting() ? WorkerReport.State.DRAINED : WorkerReport.State.DRAINING;
  }

  private static @Nullable String note(Health health) {
    return switch (health) {
      case Health.Ready(String note) -> note.isEmpty() ? null : WorkerReport.shown(note);
      case Health.NotReady(String reason) -> WorkerReport.shown(reason);
      case Health.Dead(String reason) -> WorkerReport.shown(reason);
    };
  }

  private static List<WorkerReport.Owned> owned(Engine.Doing doing) {
    var byTopic = new TreeMap<String, List<Integer>>();
    for (TopicPartition each : doing.owned()) {
      byTopic.computeIfAbsent(each.topic(), _ -> new ArrayList<>()).add(each.partition());
    }
    return byTopic.entrySet().stream()
        .limit(WorkerReport.MAX_TOPICS)
        .map(each ->
            new WorkerReport.Owned(each.getKey(), each.getValue().stream().sorted().toList()))
        .toList();
  }

  private String life() {
    return Integer.toHexString(machine.process());
  }

  private @Nullable String opsUrl() {
    int served = port.getAsInt();
    if (served == 0) {
      return null;
    }
    String host = config.http().host();
    boolean wildcard = host.equals("0.0.0.0") || host.equals("::") || host.equals("[::]");
    String reached = wildcard ? HOST : host;
    return WorkerReport.shown(
        "http://" + (reached.indexOf(':') >= 0 ? "[" + reached + "]" : reached) + ":" + served);
  }

  private static String version() {
    try (InputStream in = Presence.class.getResourceAsStream("version.properties")) {
      var properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return WorkerReport.shown(properties.getProperty("version", "unknown"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String host() {
    try {
      return WorkerReport.shown(InetAddress.getLocalHost().getHostName());
    } catch (UnknownHostException _) {
      return "unknown";
    }
  }

  /** A report that is late is worth nothing, and the next one follows soon. */
  private Map<String, Object> writerSettings(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.clientSettings(config.id() + "-fleet-report");
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("compression.type", "lz4");
    settings.put("linger.ms", 0);
    settings.put("request.timeout.ms", 1_500);
    settings.put("delivery.timeout.ms", 3_000);
    settings.put("max.block.ms", 1_000L);
    settings.put("buffer.memory", 1024L * 1024);
    return settings;
  }

  private Map<String, Object> readerSettings(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.clientSettings(config.id() + "-fleet");
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    settings.put("enable.auto.commit", false);
    settings.put("isolation.level", "read_uncommitted");
    settings.put("auto.offset.reset", "earliest");
    settings.put("default.api.timeout.ms", 5_000);
    return settings;
  }
}
