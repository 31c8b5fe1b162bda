package dev.penstock.bench;

import dev.penstock.broker.FreePort;
import dev.penstock.config.Settings;
import dev.penstock.process.ChildJvm;
import dev.penstock.process.PenstockCommands;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.topic.TopicSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The place of one bench: a temporary directory, a broker in a JVM of its own, and the other
 * processes that are measured. Closing it ends them all and deletes the directory.
 */
final class Lab implements AutoCloseable {
  private static final Duration BROKER_START = Duration.ofSeconds(60);
  private static final Duration READY = Duration.ofSeconds(60);
  private static final Duration CALL = Duration.ofSeconds(30);
  private static final Duration LEADER_PAUSE = Duration.ofMillis(20);
  private static final int BROKER_HEAP_MB = 1024;

  private final Path directory;
  private final String bootstrap;
  private final Deque<ChildJvm> children = new ArrayDeque<>();
  private final ChildJvm broker;
  private final Admin admin;

  private Lab(Path directory, String bootstrap, ChildJvm broker) {
    this.directory = directory;
    this.bootstrap = bootstrap;
    this.broker = broker;
    children.push(broker);
    this.admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "client.id", "bench-admin"));
  }

  /** Starts the broker and returns when it takes connections. */
  static Lab open() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("penstock-bench");
    int port = FreePort.find();
    ChildJvm broker =
        ChildJvm.start(
            PenstockCommands.broker(directory.resolve("broker"), port, BROKER_HEAP_MB), directory);
    try {
      broker.awaitListening(port, BROKER_START);
      return new Lab(directory, PenstockCommands.HOST + ":" + port, broker);
    } catch (RuntimeException | InterruptedException e) {
      broker.close();
      delete(directory);
      throw e;
    }
  }

  /** Where processes keep what they keep; deleted at the end. */
  Path directory() {
    return directory;
  }

  String bootstrap() {
    return bootstrap;
  }

  /** The broker's process. */
  ChildJvm broker() {
    return broker;
  }

  Admin admin() {
    return admin;
  }

  /** An installation of Penstock with topics of its own. */
  KafkaConfig installation(String prefix, int partitions) {
    var settings = Settings.of(installationSettings(prefix, partitions)).reader();
    KafkaConfig config = KafkaConfig.read(settings);
    return settings.build(() -> config);
  }

  /** The settings that lead a service to {@link #installation}. */
  Map<String, String> installationSettings(String prefix, int partitions) {
    var settings = new HashMap<String, String>();
    settings.put("kafka.bootstrap", bootstrap);
    settings.put("topics.prefix", prefix);
    settings.put("topics.partitions", String.valueOf(partitions));
    return settings;
  }

  /** Makes an installation's topics. */
  KafkaConfig install(String prefix, int partitions) {
    KafkaConfig config = installation(prefix, partitions);
    new TopicProvisioner(config).ensure();
    return config;
  }

  /**
   * Waits until each partition of a new topic has its leader. An idempotent producer that is turned
   * away while a topic is being made can lose count of its batches and never get through.
   */
  void awaitLeaders(String topic, int partitions) throws InterruptedException {
    var latest = new HashMap<TopicPartition, OffsetSpec>();
    for (int partition = 0; partition < partitions; partition++) {
      latest.put(new TopicPartition(topic, partition), OffsetSpec.latest());
    }
    long deadline = System.nanoTime() + CALL.toNanos();
    while (true) {
      try {
        await(admin.listOffsets(latest).all(), "find the leaders of " + topic);
        return;
      } catch (IllegalStateException e) {
        boolean unknownYet =
            e.getCause() instanceof ExecutionException failed
                && failed.getCause() instanceof UnknownTopicOrPartitionException;
        if (!unknownYet || System.nanoTime() > deadline) {
          throw e;
        }
        Thread.sleep(LEADER_PAUSE);
      }
    }
  }

  /** Makes a topic that no service knows. */
  void createTopic(String name, int partitions) {
    await(
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all(),
        "create the topic " + name);
  }

  /** Deletes an installation's topics and their records. */
  void uninstall(KafkaConfig config) {
    await(
        admin.deleteTopics(config.topics().all().stream().map(TopicSpec::name).toList()).all(),
        "delete the topics of a round");
  }

  /** Starts a process that {@link #close} ends. */
  ChildJvm start(ChildJvm.Command command) {
    ChildJvm child = ChildJvm.start(command, directory);
    children.push(child);
    return child;
  }

  /** A server on this machine that this lab started. */
  record Server(ChildJvm process, int port) {}

  /** Starts a service of Penstock and returns when it says that it is ready. */
  Server startService(String kind, int heapMb, Map<String, String> settings)
      throws InterruptedException {
    int port = FreePort.find();
    ChildJvm process = start(PenstockCommands.service(kind, kind, port, heapMb, settings));
    process.awaitReady(uri(port, "/readyz"), READY);
    return new Server(process, port);
  }

  /** An address on this machine. */
  static URI uri(int port, String path) {
    return URI.create("http://" + PenstockCommands.HOST + ":" + port + path);
  }

  /** What Kafka answers, or an error that says what was tried. */
  static <T> T await(KafkaFuture<T> future, String what) {
    try {
      return future.get(CALL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException("can't " + what + ": " + e.getCause(), e);
    } catch (TimeoutException e) {
      throw new IllegalStateException("can't " + what + ": no answer within " + CALL, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while trying to " + what, e);
    }
  }

  /** Kills: what they would still write is deleted anyway. */
  @Override
  public void close() {
    admin.close(Duration.ZERO);
    try {
      for (ChildJvm child : children) {
        child.kill();
      }
    } catch (InterruptedException e) {
      // What is left is killed when this JVM ends.
      Thread.currentThread().interrupt();
    }
    delete(directory);
  }

  private static void delete(Path directory) {
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(directory + " can't be deleted", e);
    }
  }
}
