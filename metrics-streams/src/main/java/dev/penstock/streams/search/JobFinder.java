package dev.penstock.streams.search;

import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.streams.query.Peers;
import dev.penstock.streams.view.ViewProgress;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.HostInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The indexes of this instance and all that asks them, put together. Thread-safe. */
public final class JobFinder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JobFinder.class);

  private static final Duration INTERVAL = Duration.ofMillis(250);
  private static final Duration COMMIT_INTERVAL = Duration.ofSeconds(5);
  private static final Duration SEARCH_LIMIT = Duration.ofSeconds(5);

  /** Beyond the other instance's own limit. */
  private static final Duration PEER_LIMIT = SEARCH_LIMIT.plusSeconds(2);

  /** More than 500 summaries with all their labels, and facets. */
  private static final int MAX_PART_BYTES = 16 << 20;

  private static final Duration CLEAN_UP_PERIOD = Duration.ofMinutes(1);

  /** How many partitions read the topics again at once. */
  private static final int READERS = 2;

  private final JobIndexes indexes;
  private final LocalSearch local;
  private final Peers peers;
  private final JobSearch search;
  private final BulkActions actions;
  private final CountDownLatch closing = new CountDownLatch(1);

  /**
   * What it works with.
   *
   * @param directory where indexes are kept; this instance's own
   * @param texts what may be searched
   * @param retention how long after their end finished jobs are kept
   * @param api the intake
   */
  public record Config(
      KafkaConfig kafka, Path directory, SearchText texts, Duration retention, URI api) {}

  private JobFinder(JobIndexes indexes, Peers peers, int partitions, URI api) {
    this.indexes = indexes;
    this.local = new LocalSearch(indexes::here, SEARCH_LIMIT);
    this.peers = peers;
    this.search = new JobSearch(local, peers, partitions);
    this.actions = new BulkActions(search, new IntakeClient(api));
  }

  /**
   * Makes it, and has {@code topology} feed it.
   *
   * @param streams the application, once it was made of the topology
   * @param self how other instances know this one
   */
  public static JobFinder of(
      Config config,
      Topology topology,
      ViewProgress progress,
      Supplier<KafkaStreams> streams,
      HostInfo self,
      MeterRegistry registry) {
    var setup =
        new PartitionIndexer.Setup(
            config.directory,
            config.texts,
            new KafkaJobTopics(
                config.kafka.topics(),
                config.texts,
                () ->
                    new KafkaConsumer<>(
                        consumer(config.kafka),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())),
            config.retention,
            INTERVAL,
            COMMIT_INTERVAL,
            new Semaphore(READERS),
            InstantSource.system());
    var indexes = new JobIndexes(setup, progress);
    indexes.follow(topology);
    bind(indexes, registry);
    var peers = new Peers(() -> Peers.of(streams.get(), self), PEER_LIMIT, MAX_PART_BYTES);
    var finder = new JobFinder(indexes, peers, config.kafka.topics().partitions(), config.api);
    Thread.ofVirtual().name("penstock-search-clean-up").start(finder::cleanUp);
    return finder;
  }

  private static Map<String, Object> consumer(KafkaConfig kafka) {
    var settings = new HashMap<>(kafka.clientSettings("penstock-search"));
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2_000);
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 50);
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 5_000);
    settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    return settings;
  }

  private static void bind(JobIndexes indexes, MeterRegistry registry) {
    Gauge.builder("penstock.streams.search.age.seconds", indexes, JobIndexes::ageSeconds)
        .description("How far the search indexes are behind the state, of the one furthest behind")
        .register(registry);
    Gauge.builder("penstock.streams.search.index.bytes", indexes, JobIndexes::bytes)
        .description("Size of the search indexes on disk")
        .register(registry);
    Gauge.builder("penstock.streams.search.pending.bytes", indexes, JobIndexes::pendingBytes)
        .description("Heap taken by changes that are not in the search indexes yet")
        .register(registry);
  }

  private void cleanUp() {
    try {
      while (!closing.await(CLEAN_UP_PERIOD.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          indexes.deleteLeft();
        } catch (IOException e) {
          log.warn("search indexes that are not needed any more can't be deleted", e);
        }
      }
    } catch (InterruptedException _) {
      // Nobody interrupts it; closing ends it.
    }
  }

  JobSearch search() {
    return search;
  }

  LocalSearch local() {
    return local;
  }

  Peers peers() {
    return peers;
  }

  BulkActions actions() {
    return actions;
  }

  /** To be closed after the application, whose end gives the partitions up. */
  @Override
  public void close() {
    closing.countDown();
    actions.close();
    peers.close();
    indexes.close();
  }

  @Override
  public String toString() {
    return "the search";
  }
}
