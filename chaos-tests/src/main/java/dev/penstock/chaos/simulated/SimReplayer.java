package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.kafka.SimKafka;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import dev.penstock.chaos.simulated.strand.Strand;
import dev.penstock.replayer.plan.Coordinator;
import dev.penstock.replayer.plan.PlanBook;
import dev.penstock.replayer.plan.PlanOrders;
import dev.penstock.replayer.plan.PlanTail;
import dev.penstock.replayer.replay.DecidedPartition;
import dev.penstock.replayer.replay.Pauses;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ownership.KafkaPartitionLog;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One replayer: the real plans, deciders and coordinator, wired as {@code ReplayerService} does,
 * started in one simulated process after the other.
 */
final class SimReplayer {
  /** Whoever owns it coordinates. */
  private static final int COORDINATED = 0;

  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final Duration REST = Duration.ofSeconds(1);
  private static final Contract CONTRACT = Contract.load();

  private final String id;
  private final World world;
  private final KafkaConfig config;
  private final long skewNanos;
  private final Map<Integer, DecidedPartition> deciders = new HashMap<>();
  private @Nullable SimProcess process;
  private @Nullable PlanOrders orders;
  private @Nullable Coordinator coordinator;

  /** What all replayers stand in. */
  record World(
      Scheduler scheduler,
      SimKafka kafka,
      Topics topics,
      Duration skew,
      Instant epoch,
      PlantedBug bug) {}

  SimReplayer(String id, World world) {
    this.id = id;
    this.world = world;
    this.config = new KafkaConfig("simulated:9092", world.topics(), 1, Map.of());
    long bound = world.skew().toNanos();
    this.skewNanos = world.scheduler().below(bound + 1) - bound / 2;
  }

  boolean isRunning() {
    return process != null && !process.isKilled();
  }

  boolean isStopped() {
    return process != null && process.isStopped();
  }

  private InstantSource clock() {
    return () -> world.epoch().plusNanos(world.scheduler().look() + skewNanos);
  }

  private Pauses pauses() {
    return lasting -> world.scheduler().sleep(lasting.toNanos());
  }

  /** Starts a process, as the command {@code replayer} does; it owns nothing yet. */
  void start() {
    if (isRunning()) {
      return;
    }
    SimProcess begun = world.scheduler().process(id);
    process = begun;
    deciders.clear();
    coordinator = null;
    var book = new PlanBook(new SubmissionReader(CONTRACT, clock()));
    var tail = new PlanTail(clients(begun), config, book, pauses());
    orders = new PlanOrders(book, tail);
    var _ = begin(begun, "plans", tail);
  }

  private Strand begin(SimProcess owner, String name, Runnable body) {
    Strand strand = world.scheduler().strand(owner, id + "/" + name, body);
    world.scheduler().start(strand);
    return strand;
  }

  private Clients clients(SimProcess owner) {
    return new Clients() {
      @Override
      public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
        return world.bug().replayerProducer(world.kafka(), owner, settings);
      }

      @Override
      public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
        // Kafka's clients ask again after 30 s; here nobody has that much time.
        settings.put("request.timeout.ms", TIMEOUT.toMillis() / 2);
        return world.bug().replayerConsumer(world.kafka(), owner, settings);
      }
    };
  }

  private Consumer<byte[], byte[]> consumer(Clients clients, String purpose) {
    Map<String, Object> settings = config.clientSettings("penstock-replayer-" + purpose);
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "none");
    settings.put("default.api.timeout.ms", TIMEOUT.toMillis());
    return clients.consumer(settings);
  }

  /** The group has given it a partition. */
  void gained(int partition) {
    SimProcess owner = process;
    PlanOrders known = orders;
    if (owner == null || known == null || deciders.containsKey(partition)) {
      return;
    }
    Clients clients = clients(owner);
    var decided =
        new DecidedPartition(
            partition,
            new DecidedPartition.Parts(
                world.topics(),
                () ->
                    new KafkaPartitionLog(
                        clients,
                        config,
                        TIMEOUT,
                        new TopicPartition(world.topics().dlqLedger(), partition),
                        "dlq"),
                // What is purged may be cut away, and need not be.
                (_, _) -> world.scheduler().sleep(1_000_000),
                purpose -> consumer(clients, purpose),
                world.bug().orders(known),
                clock(),
                pauses(),
                REST,
                DecidedPartition.Witness.NONE));
    deciders.put(partition, decided);
    var _ = begin(owner, "decider-" + partition, decided);
    if (partition == COORDINATED) {
      coordinate(owner, clients);
    }
  }

  private void coordinate(SimProcess owner, Clients clients) {
    var begun =
        new Coordinator(
            new Coordinator.Parts(
                world.topics(),
                new SimSelecting(world.scheduler()),
                () ->
                    new KafkaPartitionLog(
                        clients,
                        config,
                        TIMEOUT,
                        new TopicPartition(world.topics().dlqPlans(), COORDINATED),
                        "dlq-plans"),
                purpose -> consumer(clients, purpose),
                clock(),
                pauses(),
                REST,
                (name, body) -> {
                  Strand strand = begin(owner, name, body);
                  return () -> world.scheduler().interrupt(strand);
                }));
    coordinator = begun;
    var _ = begin(owner, "coordinator", begun);
  }

  /** The group has taken a partition from it. */
  void lost(int partition) {
    DecidedPartition decided = deciders.remove(partition);
    if (decided != null) {
      decided.stop();
    }
    if (partition == COORDINATED && coordinator != null) {
      coordinator.close();
      coordinator = null;
    }
  }

  boolean owns(int partition) {
    return deciders.containsKey(partition);
  }

  /** Who makes plans, if that one believes so. */
  Optional<Coordinator> coordinator() {
    return isRunning() ? Optional.ofNullable(coordinator) : Optional.empty();
  }

  /** Does something in its process: never where it is killed, and later where it is stopped. */
  void after(Duration delay, Runnable action) {
    if (process != null) {
      world.scheduler().after(delay.toNanos(), process, action);
    }
  }

  /** {@code kill -9}. */
  void kill() {
    if (process != null && isRunning()) {
      world.scheduler().kill(process);
    }
  }

  /** SIGSTOP. */
  void stop() {
    if (process != null && isRunning()) {
      world.scheduler().stop(process);
    }
  }

  /** SIGCONT. */
  void goOn() {
    if (process != null && isRunning() && process.isStopped()) {
      world.scheduler().goOn(process);
    }
  }
}
