package dev.penstock.streams;

import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.streams.topology.RocksDbMemory;
import dev.penstock.topic.Topics;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.UsePartitionTimeOnInvalidTimestamp;
import org.apache.kafka.streams.state.HostInfo;

/** What Kafka Streams is told, and why. */
final class StreamsProperties {
  /**
   * A member that is gone is noticed after this; also the lowest that a broker allows by default.
   */
  private static final int SESSION_TIMEOUT_MS = 6_000;

  private static final int HEARTBEAT_MS = 1_500;

  private static final int ORDER_COMMIT_MS = 10;
  private static final int ORDER_TRANSACTION_TIMEOUT_MS = 5_000;

  private StreamsProperties() {}

  /**
   * The properties.
   *
   * @param advertised where other instances reach this one
   * @param instanceId the same after each restart on the same state directory, and different from
   *     that of every other instance
   */
  static Properties of(StreamsConfiguration config, HostInfo advertised, String instanceId) {
    Topics topics = config.kafka().topics();
    var settings = new HashMap<String, Object>(config.kafka().client());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, config.kafka().bootstrap());
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, topics.streamsApplication());
    settings.put(
        StreamsConfig.APPLICATION_SERVER_CONFIG, advertised.host() + ":" + advertised.port());
    settings.put(StreamsConfig.STATE_DIR_CONFIG, config.stateDirectory().toString());
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, config.threads());
    settings.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, config.standbyReplicas());
    // The broker's own default: three on a cluster that is set up for it, one in standalone.
    settings.put(
        StreamsConfig.REPLICATION_FACTOR_CONFIG, Math.max(-1, config.kafka().replicationFactor()));
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    // The fold commutes, so no input waits for another one.
    settings.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, -1);
    settings.put(
        StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG,
        UsePartitionTimeOnInvalidTimestamp.class);
    // A new instance warms up a copy first; look whether it has, each minute instead of each ten.
    settings.put(StreamsConfig.PROBING_REBALANCE_INTERVAL_MS_CONFIG, 60_000);
    settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDbMemory.class);
    settings.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    settings.putAll(consumer(instanceId));
    settings.putAll(producer());
    var properties = new Properties();
    properties.putAll(settings);
    return properties;
  }

  /**
   * The properties of the sequencer. It is on the way of a job, so its commits come sooner, and
   * what a killed instance left open holds back the workers' readers for less long.
   */
  static Properties ofOrder(StreamsConfiguration config, String instanceId) {
    Properties properties = of(config, new HostInfo(config.http().host(), 0), instanceId);
    properties.remove(StreamsConfig.APPLICATION_SERVER_CONFIG);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, config.kafka().topics().orderApplication());
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, ORDER_COMMIT_MS);
    // A commit that is due waits for a poll to end.
    properties.put(StreamsConfig.POLL_MS_CONFIG, ORDER_COMMIT_MS);
    properties.put(
        StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
        ORDER_TRANSACTION_TIMEOUT_MS);
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 0);
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.RETRY_BACKOFF_MS_CONFIG), 5L);
    return properties;
  }

  /** The properties of who reads partial answers: of now, in no group, whoever's transaction. */
  static Map<String, Object> ofPartialAnswers(KafkaConfig kafka) {
    var settings = new HashMap<>(kafka.clientSettings("penstock-streams-progress"));
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 5_000);
    return settings;
  }

  /** The properties of who reads single records: committed ones, in no group. */
  static Map<String, Object> ofRecords(KafkaConfig kafka) {
    var settings = new HashMap<>(kafka.clientSettings("penstock-streams-records"));
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 50);
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 5_000);
    return settings;
  }

  /**
   * The classic group protocol: the streams protocol (KIP-1071) has the broker assign tasks, but
   * knows neither standby warm-up nor static members as this version has it. A static member that
   * comes back on its state directory, also after a {@code kill -9}, takes its place at once
   * instead of waiting until its former self is missed.
   */
  private static Map<String, Object> consumer(String instanceId) {
    return Map.of(
        StreamsConfig.mainConsumerPrefix(CommonClientConfigs.GROUP_INSTANCE_ID_CONFIG),
        instanceId,
        StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG),
        SESSION_TIMEOUT_MS,
        StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
        HEARTBEAT_MS,
        StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG),
        120_000,
        // A partition that is added waits until the fetch under way is answered; with the default
        // of 500 ms that is most of the time of a start.
        StreamsConfig.mainConsumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG),
        100,
        StreamsConfig.restoreConsumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG),
        50);
  }

  private static Map<String, Object> producer() {
    return Map.of(
        StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
        Topics.MAX_RECORD_BYTES + 100_000,
        StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG),
        "lz4",
        // What a killed instance left open holds back the offsets of its partitions for this long
        // at most; commits come every 100 ms.
        StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
        10_000);
  }
}
