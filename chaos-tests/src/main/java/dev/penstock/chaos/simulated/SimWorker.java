package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.kafka.SimKafka;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import dev.penstock.chaos.simulated.strand.SimThreads;
import dev.penstock.lifecycle.Health;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ops.HttpConfig;
import dev.penstock.runtime.telemetry.TelemetryConfig;
import dev.penstock.topic.Topics;
import dev.penstock.worker.BreakerStates;
import dev.penstock.worker.EngineMetrics;
import dev.penstock.worker.KafkaClients;
import dev.penstock.worker.Machine;
import dev.penstock.worker.Supervisor;
import dev.penstock.worker.WorkerConfig;
import dev.penstock.worker.budget.BudgetRules;
import dev.penstock.worker.cache.CacheConfig;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.cost.Prices;
import dev.penstock.worker.hold.HoldMetrics;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.limit.LimitRules;
import dev.penstock.worker.provider.ProviderSetup;
import dev.penstock.worker.provider.Providers;
import dev.penstock.worker.thread.Threads;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/** One worker: the real one, started in one simulated process after the other. */
final class SimWorker {
  /** Few slots, and providers that ignore interrupts: a restart would be no help. */
  private static final int NEVER_TOO_MANY_PERCENT = 1_000;

  private final String id;
  private final World world;
  private final long skewNanos;
  private @Nullable SimProcess process;
  private @Nullable Supervisor supervisor;
  private boolean wanted;

  /** How many engines it has had: each begins with nothing but what is committed. */
  private int life;

  /** What all workers stand in. */
  record World(
      Scheduler scheduler,
      SimKafka kafka,
      Topics topics,
      Scenario scenario,
      Instant epoch,
      PlantedBug bug,
      CallLog calls,
      Incidents incidents) {}

  /** Is told what workers come to. */
  interface Incidents {
    void halted(String worker, String reason);
  }

  SimWorker(String id, World world) {
    this.id = id;
    this.world = world;
    long bound = world.scenario().skew().toNanos();
    this.skewNanos = world.scheduler().below(bound + 1) - bound / 2;
  }

  String id() {
    return id;
  }

  int life() {
    return life;
  }

  @Nullable SimProcess process() {
    return process;
  }

  InstantSource clock() {
    return () ->
        world
            .epoch()
            .plusNanos(world.scheduler().look() + skewNanos)
            .plus(world.bug().clockOffset(id));
  }

  boolean isRunning() {
    return process != null && !process.isKilled();
  }

  /** Whether it is to run at the end. */
  boolean isWanted() {
    return wanted;
  }

  /** Starts a process, as the command {@code worker} does. */
  void start() {
    wanted = true;
    if (isRunning()) {
      return;
    }
    Scheduler scheduler = world.scheduler();
    SimProcess begun = scheduler.process(id);
    process = begun;
    var threads = new SimThreads(scheduler, begun);
    var machine =
        new Machine(
            threads,
            clock(),
            new SplittableRandom(scheduler.random().nextLong()),
            begun.number() + 1,
            reason -> {
              world.incidents().halted(id, reason);
              scheduler.halt();
            });
    var started =
        new Supervisor(
            config(),
            new Providers(List.of(provider(SimProvider.NAME), provider(SimProvider.OTHER))),
            machine,
            clients(begun),
            new NoMetrics(world.topics()));
    supervisor = started;
    Threads.Task main = threads.platform("main", started::start);
    main.start();
  }

  private SimProvider provider(String name) {
    return new SimProvider(
        name,
        world.scheduler(),
        world.scenario(),
        call -> world.calls().begun(this, call),
        world.bug().interruptsCalls(),
        this::killedByCall);
  }

  private WorkerConfig config() {
    Scenario scenario = world.scenario();
    return new WorkerConfig(
        id,
        world.bug().limits(scenario.limits()),
        scenario.retry().withClockMargin(world.bug().clockMargin()),
        new WorkerConfig.Timing(scenario.drainGrace(), scenario.transactionTimeout()),
        new WorkerConfig.Vigilance(world.bug().clockBound(), NEVER_TOO_MANY_PERCENT),
        new KafkaConfig("simulated:9092", world.topics(), 1, Map.of()),
        new HttpConfig("simulated", 0),
        new ProviderSetup(List.of(), Prices.NONE),
        world.bug().admission(scenario.targets().admission()),
        LimitRules.NONE,
        BudgetRules.NONE,
        CacheConfig.OFF,
        new WorkerConfig.Reporting(Duration.ofSeconds(2), true),
        TelemetryConfig.OFF,
        new WorkerConfig.Holding(scenario.haste().metadataChars()));
  }

  private KafkaClients clients(SimProcess owner) {
    SimKafka kafka = world.kafka();
    return new KafkaClients() {
      @Override
      public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
        if (String.valueOf(settings.get("transactional.id")).contains("worker-")) {
          life++;
        }
        return world.bug().producer(kafka, owner, settings);
      }

      @Override
      public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
        return world.bug().consumer(kafka, owner, settings);
      }

      @Override
      public Map<String, Uuid> topicIds(List<String> topics) {
        world.scheduler().sleep(1_000_000);
        var ids = new java.util.HashMap<String, Uuid>();
        topics.forEach(topic -> ids.put(topic, kafka.topicId(topic)));
        return ids;
      }
    };
  }

  /** A call was more than its process could bear. Does not return. */
  private void killedByCall() {
    world.calls().gone(this);
    world.incidents().halted(id, "out of memory");
    world.scheduler().halt();
  }

  /** {@code kill -9}. */
  void kill() {
    wanted = false;
    if (process != null) {
      world.scheduler().kill(process);
      world.calls().gone(this);
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

  /** What an operator wants: that it finishes what it runs and does nothing, or goes on. */
  void rest(boolean rest) {
    if (supervisor != null && isRunning()) {
      supervisor.rest(rest, "drained by an operator");
    }
  }

  /** SIGTERM; {@code then} is done when the process has ended. */
  void drain(Runnable then) {
    wanted = false;
    SimProcess draining = process;
    Supervisor closing = supervisor;
    if (draining == null || closing == null || !isRunning() || draining.isStopped()) {
      return;
    }
    Scheduler scheduler = world.scheduler();
    scheduler.start(
        scheduler.strand(
            draining,
            id + "/stop",
            () -> {
              closing.close();
              world.calls().gone(this);
              // Its place may be taken already by the next process.
              if (process == draining) {
                then.run();
              }
              scheduler.halt();
            }));
  }

  /** Why it is dead; null while it is not. */
  @Nullable String dead() {
    return supervisor != null
            && isRunning()
            && supervisor.health() instanceof Health.Dead(String reason)
        ? reason
        : null;
  }

  private static final class NoMetrics implements EngineMetrics {
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final Timer commits = registry.timer("commits");
    private final HoldMetrics holds;

    NoMetrics(Topics topics) {
      this.holds = new HoldMetrics(registry, topics);
    }

    @Override
    public HoldMetrics holds() {
      return holds;
    }

    @Override
    public Timer commits() {
      return commits;
    }

    @Override
    public void settled(Claim claim, Settlement settlement) {}

    @Override
    public void called(Claim claim, Judge.Call call, String code) {}

    @Override
    public void late(Duration lateness) {}

    @Override
    public void gated(Claim claim, int change) {}

    @Override
    public void failedOver(Claim claim, String reason) {}

    @Override
    public void breakers(BreakerStates states) {}

    @Override
    public void poisoned() {}

    @Override
    public void turn(int busySlots, int queued, int waiting, int claimed, int stuck) {}
  }
}
