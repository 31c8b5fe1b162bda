package dev.penstock.replayer;

import dev.penstock.config.Settings;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.replayer.audit.AuditLog;
import dev.penstock.replayer.http.DeadLetterRoutes;
import dev.penstock.replayer.http.Differences;
import dev.penstock.replayer.http.ExperimentRoutes;
import dev.penstock.replayer.http.PlanDesk;
import dev.penstock.replayer.http.PlanIds;
import dev.penstock.replayer.http.PlanRequests;
import dev.penstock.replayer.http.ReplayRoutes;
import dev.penstock.replayer.look.DeadLetters;
import dev.penstock.replayer.look.KafkaLetterLog;
import dev.penstock.replayer.look.LedgerView;
import dev.penstock.replayer.plan.Coordinator;
import dev.penstock.replayer.plan.PlanBook;
import dev.penstock.replayer.plan.PlanOrders;
import dev.penstock.replayer.plan.PlanTail;
import dev.penstock.replayer.replay.DecidedPartition;
import dev.penstock.replayer.replay.KafkaLogCutter;
import dev.penstock.replayer.replay.Pauses;
import dev.penstock.replayer.select.Selecting;
import dev.penstock.replayer.select.Selector;
import dev.penstock.replayer.travel.ExperimentRequests;
import dev.penstock.replayer.travel.Experiments;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.runtime.ops.HttpEndpoint;
import dev.penstock.runtime.ops.Metrics;
import dev.penstock.runtime.ops.OpsRoutes;
import dev.penstock.runtime.ownership.KafkaPartitionLog;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.runtime.ownership.PartitionOwnership;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.Topics;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
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

  private static final int SEEKER_WAIT_MILLIS = 5;

  private final ReplayerConfig config;
  private final UnaryOperator<Selecting> selecting;
  private final InstantSource clock;
  private final Clients clients = Clients.REAL;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private boolean used;
  private volatile boolean stopping;
  private volatile @Nullable HttpEndpoint endpoint;
  private volatile @Nullable Deciders deciders;
  private volatile @Nullable PlanTail plans;
  private volatile @Nullable LedgerView resolved;
  private volatile @Nullable Coordination coordination;
  private volatile @Nullable Experiments experiments;

  private ReplayerService(
      ReplayerConfig config, UnaryOperator<Selecting> selecting, InstantSource clock) {
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
    return of(settings, UnaryOperator.identity());
  }

  /**
   * The same.
   *
   * @param selecting what finds what plans select, made of what does
   */
  static ReplayerService of(Settings settings, UnaryOperator<Selecting> selecting) {
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
    var contract = Contract.load();
    var jobs = new SubmissionReader(contract, clock);
    var book = new PlanBook(jobs);
    var tail = opened(new PlanTail(clients, kafka, book, Pauses.REAL));
    plans = tail;
    Thread.ofVirtual().name("replayer-plans").start(tail);
    var orders = new PlanOrders(book, tail);
    var ledger = opened(new LedgerView(clients, kafka, clock));
    Thread.ofVirtual().name("replayer-ledgers").start(ledger);
    resolved = ledger;
    var meters = new ReplayMeters(metrics.registry(), book, ledger);
    Selecting selector =
        selecting.apply(
            new Selector(new KafkaLetterLog(clients, kafka, clock), ledger, jobs, clock));
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
                        REST,
                        meters::committed))));
    deciders = decided;
    var tried = opened(Experiments.follow(topics, this::consumer, this::seeker, jobs, clock));
    experiments = tried;
    var coordinating =
        opened(
            new Coordination(() ->
                new Coordinator(
                    new Coordinator.Parts(
                        topics,
                        selector,
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
                        REST),
                    tried.companion())));
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
    var neighbours = opened(new Neighbours());
    var ids = new PlanIds(clock, new SecureRandom());
    var desk =
        new PlanDesk(coordinating::here, () -> ownership.owner(Coordination.PARTITION), neighbours);
    var plansOverHttp =
        new ReplayRoutes(
            new ReplayRoutes.Parts(
                new PlanRequests(contract, jobs, ids),
                book,
                tail,
                ledger,
                new Differences(topics.dlqLedger(), () -> consumer("differences")),
                desk,
                new AuditLog(topics.dlqAudit(), () -> consumer("audit"))));
    var experimentsOverHttp =
        new ExperimentRoutes(new ExperimentRequests(contract, jobs, ids), tried, desk);
    var letters = new DeadLetterRoutes(DeadLetters.of(clients, kafka, ledger, clock));
    var http =
        opened(
            new HttpEndpoint(
                "replayer",
                config.http(),
                builder ->
                    builder.routing(routing ->
                        routing
                            .register(new OpsRoutes(this::health, metrics))
                            .register(plansOverHttp)
                            .register(experimentsOverHttp)
                            .register(letters))));
    http.start();
    endpoint = http;
    ownership.start(
        config
            .advertised()
            .orElseGet(() -> config.http().reachableAt(http.port(), "replayer.advertised-url")));
  }

  private Consumer<byte[], byte[]> consumer(String purpose) {
    return clients.consumer(consumerSettings(purpose));
  }

  /** One that goes from place to place: it does not wait at the end of one that it has left. */
  private Consumer<byte[], byte[]> seeker(String purpose) {
    Map<String, Object> settings = consumerSettings(purpose);
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, SEEKER_WAIT_MILLIS);
    return clients.consumer(settings);
  }

  private Map<String, Object> consumerSettings(String purpose) {
    Map<String, Object> settings = config.kafka().clientSettings("penstock-replayer-" + purpose);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) config.timeout().toMillis());
    return settings;
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
    LedgerView ledgers = resolved;
    String problem = followed.problem();
    if (problem == null && ledgers != null) {
      problem = ledgers.problem();
    }
    if (problem != null) {
      return new Health.NotReady("the plans can't be followed: " + problem);
    }
    Experiments run = experiments;
    if (run != null && run.problem() != null) {
      return new Health.NotReady("the experiments can't be followed: " + run.problem());
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
