package dev.penstock.broker;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * One Kafka broker and controller in this JVM, listening on the loopback interface. Its data
 * directory outlives the process: started again on the same directory it goes on where it was, also
 * after a {@code kill -9}.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final int NODE_ID = 1;

  /**
   * Always the same, so that formatting a directory that has it already, or half of it, does no
   * harm.
   */
  private static final String CLUSTER_ID = new Uuid(0x70656e73746f636bL, 1L).toString();

  private static final String HOST = "127.0.0.1";

  private final KafkaRaftServer server;
  private final int port;

  private EmbeddedBroker(KafkaRaftServer server, int port) {
    this.server = server;
    this.port = port;
  }

  /**
   * Starts a broker and returns when it takes connections.
   *
   * @param dataDirectory made when absent
   * @param port where clients connect; 0 for any free one
   * @throws UncheckedIOException when the directory can't be used
   */
  public static EmbeddedBroker start(Path dataDirectory, int port) {
    int brokerPort = port == 0 ? FreePort.find() : port;
    int controllerPort = FreePort.find();
    Path logs = dataDirectory.resolve("kafka");
    boolean killed = FormerSelf.wasKilled(logs);
    try {
      Files.createDirectories(logs);
      format(logs);
    } catch (IOException e) {
      throw new UncheckedIOException("the data directory " + dataDirectory + " can't be used", e);
    } catch (Exception e) {
      throw new IllegalStateException(
          "the data directory " + dataDirectory + " can't be formatted", e);
    }
    Properties settings = settings(logs, brokerPort, controllerPort);
    if (killed) {
      FormerSelf.forget(settings, NODE_ID, HOST + ":" + controllerPort);
    }
    var server = new KafkaRaftServer(new KafkaConfig(settings, false), Time.SYSTEM);
    server.startup();
    return new EmbeddedBroker(server, brokerPort);
  }

  /** {@code host:port} for clients. */
  public String bootstrapServers() {
    return HOST + ":" + port;
  }

  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
  }

  private static void format(Path logs) throws Exception {
    // The controller is a quorum of one; its port is chosen anew at each start, so it is given
    // statically below, and
    // the directory is formatted without a voter of its own.
    new Formatter()
        .setPrintStream(
            new PrintStream(
                PrintStream.nullOutputStream(), false, java.nio.charset.StandardCharsets.UTF_8))
        .setNodeId(NODE_ID)
        .setClusterId(CLUSTER_ID)
        .addDirectory(logs.toString())
        .setMetadataLogDirectory(logs.toString())
        .setControllerListenerName("CONTROLLER")
        .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
        .setReleaseVersion(MetadataVersion.latestProduction())
        // With eligible leader replicas a broker that was killed is no leader of anything at first,
        // see FormerSelf. With one replica they are of no use anyway.
        .setFeatureLevel("eligible.leader.replicas.version", (short) 0)
        .setIgnoreFormatted(true)
        .run();
  }

  private static Properties settings(Path logs, int brokerPort, int controllerPort) {
    var settings = new Properties();
    settings.setProperty("process.roles", "broker,controller");
    settings.setProperty("node.id", String.valueOf(NODE_ID));
    settings.setProperty("controller.quorum.voters", NODE_ID + "@" + HOST + ":" + controllerPort);
    settings.setProperty(
        "listeners",
        "BROKER://" + HOST + ":" + brokerPort + ",CONTROLLER://" + HOST + ":" + controllerPort);
    settings.setProperty("advertised.listeners", "BROKER://" + HOST + ":" + brokerPort);
    settings.setProperty("listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.setProperty("inter.broker.listener.name", "BROKER");
    settings.setProperty("controller.listener.names", "CONTROLLER");
    settings.setProperty("log.dirs", logs.toString());
    // One node: every internal topic has one replica.
    settings.setProperty("default.replication.factor", "1");
    settings.setProperty("min.insync.replicas", "1");
    settings.setProperty("offsets.topic.replication.factor", "1");
    settings.setProperty("offsets.topic.num.partitions", "4");
    settings.setProperty("transaction.state.log.replication.factor", "1");
    settings.setProperty("transaction.state.log.min.isr", "1");
    settings.setProperty("transaction.state.log.num.partitions", "4");
    settings.setProperty("share.coordinator.state.topic.replication.factor", "1");
    settings.setProperty("share.coordinator.state.topic.min.isr", "1");
    settings.setProperty("auto.create.topics.enable", "false");
    settings.setProperty("message.max.bytes", "2100000");
    // A worker or a Streams instance that is gone is noticed in seconds.
    settings.setProperty("group.initial.rebalance.delay.ms", "0");
    settings.setProperty("group.min.session.timeout.ms", "1000");
    settings.setProperty("group.consumer.min.session.timeout.ms", "3000");
    settings.setProperty("group.consumer.session.timeout.ms", "6000");
    settings.setProperty("group.consumer.min.heartbeat.interval.ms", "500");
    settings.setProperty("group.consumer.heartbeat.interval.ms", "1000");
    // What a killed worker's open transaction holds back ends after its timeout plus this.
    settings.setProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
    settings.setProperty("add.partitions.to.txn.retry.backoff.ms", "1");
    settings.setProperty("log.cleaner.dedupe.buffer.size", "8388608");
    settings.setProperty("metrics.recording.level", "INFO");
    return settings;
  }
}
