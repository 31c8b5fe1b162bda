package dev.penstock.replayer;

import dev.penstock.config.Settings;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.replayer.plan.Coordinator;
import dev.penstock.replayer.plan.PlanBook;
import dev.penstock.replayer.plan.PlanOrders;
import dev.penstock.replayer.plan.PlanTail;
import dev.penstock.replayer.replay.DecidedPartition;
import dev.penstock.replayer.replay.KafkaLogCutter;
import dev.penstock.replayer.replay.Pauses;
import dev.penstock.replayer.select.Selecting;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.runtime.ops.HttpEndpoint;
import dev.penstock.runtime.ops.Metrics;
import dev.penstock.runtime.ops.OpsRoutes;
import dev.penstock.runtime.ownership.KafkaPartitionLog;
import dev.penstock.runtime.ownership.PartitionOwnership;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.Topics;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Gives dead letters a next generation, as plans want it. Read this first: it names every part and
 * the order in which they start. Thread-safe.
 */
public final class ReplayerService implements Service {
  /** How long a partition rests after Kafka did not let it go on. */
  private static final Duration REST = Duration.ofSeconds(1);

  private final ReplayerConfig config;
  private final Selecting selecting;
  private final InstantSource clock;
  private final Clients clients = Clients.REAL;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private boolean used;
  private volatile boolean stopping;
  private volatile @Nullable HttpEndpoint endpoint;
  private volatile @Nullable Deciders deciders;
  private volatile @Nullable PlanTail plans;
  private volatile @Nullable Coordination coordination;

  private ReplayerService(ReplayerConfig config, Selecting selecting, InstantSource clock) {
    this.config = config;
    this.selecting = selecting;
    this.clock = clock;
  }

  /**
   * A replayer that is not started.
   *
   * @throws dev.penstock.config.ConfigException with everything that is wrong with the settings
   */
  public static ReplayerService of(Settings settings) {
    return of(
        settings,
        _ -> {
          throw new IllegalArgumentException("this replayer can't look for dead letters");
        });
  }

  /**
   * The same.
   *
   * @param selecting finds what plans select
   */
  static ReplayerService of(Settings settings, Selecting selecting) {
    return new ReplayerService(ReplayerConfig.read(settings), selecting, InstantSource.system());
  }

  @Override
  public String name() {
    return "replayer";
  }

  /** The port that it listens on; 0 before the start. */
  public int port() {
    HttpEndpoint started = endpoint;
    return started == null ? 0 : started.port();
  }

  /** Who makes plans, if that is this process. */
  Optional<Coordinator> coordinator() {
    Coordination started = coordination;
    return started == null ? Optional.empty() : started.here();
  }

  @Override
  public synchronized void start() {
    if (used) {
      return;
    }
    used = true;
    try {
      run();
    } catch (RuntimeException e) {
      try {
        close();
      } catch (RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private void run() {
    KafkaConfig kafka = config.kafka();
    Topics topics = kafka.topics();
    new TopicProvisioner(kafka).ensure();
    var metrics = opened(new Metrics("replayer"));
    var book = new PlanBook(new SubmissionReader(Contract.load(), clock));
    var tail = opened(new PlanTail(clients, kafka, book, Pauses.REAL));
    plans = tail;
    Thread.ofVirtual().name("replayer-plans").start(tail);
    var orders = new PlanOrders(book, tail);
    var decided =
        opened(
            new Deciders(partition ->
                new DecidedPartition(
                    partition,
                    new DecidedPartition.Parts(
                        topics,
                        () ->
                            new KafkaPartitionLog(
                                clients,
                                kafka,
                                config.timeout(),
                                new TopicPartition(topics.dlqLedger(), partition),
                                "dlq"),
                        new KafkaLogCutter(kafka, config.timeout()),
                        this::consumer,
                        orders,
                        clock,
                        Pauses.REAL,
                        REST))));
    deciders = decided;
    var coordinating =
        opened(
            new Coordination(() ->
                new Coordinator(
                    new Coordinator.Parts(
                        topics,
                        selecting,
                        () ->
                            new KafkaPartitionLog(
                                clients,
                                kafka,
                                config.timeout(),
                                new TopicPartition(topics.dlqPlans(), Coordination.PARTITION),
                                "dlq-plans"),
                        this::consumer,
                        clock,
                        Pauses.REAL,
                        REST))));
    coordination = coordinating;
    // Closed before those who are told what it owns: the group knows first.
    var ownership =
        opened(
            new PartitionOwnership(
                kafka,
                new PartitionOwnership.Role(
                    topics.replayerGroup(), topics.deadLetters(), "replayer", "dead letters")));
    ownership.listen(decided);
    ownership.listen(coordinating);
    var http =
        new HttpEndpoint(
            "replayer",
            config.http(),
            builder ->
                builder.routing(routing -> routing.register(new OpsRoutes(this::health, metrics))));
    running.push(http);
    http.start();
    endpoint = http;
    ownership.start(URI.create("http://" + config.http().host() + ":" + http.port()));
  }

  private Consumer<byte[], byte[]> consumer(String purpose) {
    Map<String, Object> settings = config.kafka().clientSettings("penstock-replayer-" + purpose);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) config.timeout().toMillis());
    return clients.consumer(settings);
  }

  private <T extends AutoCloseable> T opened(T part) {
    running.push(part);
    return part;
  }

  @Override
  public Health health() {
    Deciders started = deciders;
    PlanTail followed = plans;
    if (stopping) {
      return new Health.NotReady("stopping");
    }
    if (started == null || followed == null || endpoint == null) {
      return new Health.NotReady("starting");
    }
    String problem = followed.problem();
    if (problem != null) {
      return new Health.NotReady("the plans can't be followed: " + problem);
    }
    return started.problem().<Health>map(Health.NotReady::new).orElse(Health.READY);
  }

  @Override
  public synchronized void close() {
    used = true;
    stopping = true;
    RuntimeException failure = null;
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("the replayer did not stop cleanly", e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
