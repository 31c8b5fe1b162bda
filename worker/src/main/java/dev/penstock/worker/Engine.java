package dev.penstock.worker;

import dev.penstock.cache.CacheRecord;
import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.JobRecord;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.StartException;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.ProviderCall;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.Topics;
import dev.penstock.worker.admit.Breakers;
import dev.penstock.worker.admit.Routes;
import dev.penstock.worker.admit.TargetGate;
import dev.penstock.worker.answer.AnswerCache;
import dev.penstock.worker.budget.GroupBudgets;
import dev.penstock.worker.cache.CacheLoop;
import dev.penstock.worker.cache.SharedCache;
import dev.penstock.worker.claim.ClaimLoop;
import dev.penstock.worker.claim.ControlReader;
import dev.penstock.worker.claim.Ownership;
import dev.penstock.worker.core.Batch;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.core.CoreActions;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.Incarnation;
import dev.penstock.worker.core.WorkerCore;
import dev.penstock.worker.hold.RequestBook;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.limit.AdaptiveConcurrency;
import dev.penstock.worker.limit.GroupLimits;
import dev.penstock.worker.limit.LimitRules;
import dev.penstock.worker.limit.ReportLoop;
import dev.penstock.worker.partial.PartialAnswers;
import dev.penstock.worker.provider.Providers;
import dev.penstock.worker.run.JobRunner;
import dev.penstock.worker.settle.ClockCheck;
import dev.penstock.worker.settle.Settler;
import dev.penstock.worker.thread.Threads;
import dev.penstock.worker.trace.JobTraces;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of the worker: consumer, core, providers' threads and producer, wired together. It is
 * not repaired: when something in it breaks it is abandoned with all it remembers, and another one
 * begins from what is committed.
 */
final class Engine implements CoreActions, Life {
  private static final Logger log = LoggerFactory.getLogger(Engine.class);

  /** How long a loop may stand still, beside the transactions that it may have to wait for. */
  private static final Duration STALL = Duration.ofSeconds(60);

  /** Three heartbeats of the core. */
  private static final Duration CONTACT = Duration.ofSeconds(45);

  /** So many stuck calls are named in the log; more of them say nothing new. */
  private static final int MAX_NAMED = 20;

  private final WorkerConfig config;
  private final Providers providers;
  private final Producer<byte[], byte[]> producer;
  private final CoreThread core;
  private final ControlReader control;
  private final ClaimLoop claims;
  private final JobRunner runner;
  private final Settler settler;
  private final ReportLoop<LimitReport> reports;
  private final ReportLoop<SpendReport> spending;
  private final PartialAnswers partial;
  private final CacheLoop shared;
  private final InstantSource clock;
  private final Threads threads;
  private final Breakdown breakdown;
  private final Threads.Task coreThread;
  private final Threads.Task controlThread;
  private final Threads.Task claimThread;
  private final Threads.Task settleThread;
  private final BreakerStates breakers = new BreakerStates();
  private final Map<Claim, StuckCall> stuck = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();

  /**
   * Fences whatever used this worker's {@code transactional.id} before, and begins.
   *
   * @param topicIds the ids of the consumed topics
   * @param requests overhears what people ask of jobs
   * @throws org.apache.kafka.common.KafkaException when Kafka can't be reached or refuses
   */
  Engine(
      WorkerConfig config,
      Providers providers,
      Machine machine,
      KafkaClients clients,
      Map<String, Uuid> topicIds,
      RequestBook requests,
      EngineMetrics metrics,
      Breakdown breakdown) {
    this.config = config;
    this.providers = providers;
    this.clock = machine.clock();
    this.threads = machine.threads();
    this.breakdown = breakdown;
    KafkaConfig kafka = config.kafka();
    Topics topics = kafka.topics();
    Duration transactionTimeout = config.timing().transactionTimeout();
    this.producer = clients.producer(producerSettings(kafka));
    var clockCheck = new ClockCheck(config.vigilance().clockBound());
    try {
      producer.initTransactions();
      checkClock(clockCheck, topics);
    } catch (RuntimeException e) {
      producer.close(Duration.ZERO);
      throw e;
    }
    this.core =
        new CoreThread(clock, threads, e -> breakdown.restart("the core failed; that is a bug", e));
    this.control =
        new ControlReader(
            clients.consumer(controlSettings(kafka)),
            topics.control(),
            topics.partitions(),
            requests.listeningFor(core),
            breakdown);
    this.claims =
        new ClaimLoop(
            clients.consumer(claimSettings(kafka)),
            topics.claimed(),
            topicIds,
            control,
            core,
            breakdown,
            transactionTimeout.plusSeconds(5),
            threads);
    this.partial =
        new PartialAnswers(
            () -> clients.producer(partialWriterSettings(kafka)),
            topics.progress(),
            metrics.partialAnswers(),
            breakdown,
            threads);
    var traces =
        new JobTraces(
            machine.traces(),
            clock,
            config.id(),
            topics.workerGroup(),
            config.telemetry().toProviders());
    this.runner =
        new JobRunner(
            config.id(),
            clock,
            core,
            breakdown,
            threads,
            providers.interceptors(),
            partial,
            traces);
    this.reports =
        new ReportLoop<>(
            () -> clients.consumer(reportReaderSettings(kafka, "limits")),
            () -> clients.producer(reportWriterSettings(kafka, "limits")),
            ReportLoop.Kind.limits(topics.limits()),
            core,
            breakdown,
            threads);
    this.spending =
        new ReportLoop<>(
            () -> clients.consumer(reportReaderSettings(kafka, "budgets")),
            () -> clients.producer(reportWriterSettings(kafka, "budgets")),
            ReportLoop.Kind.budgets(topics.budgets()),
            core,
            breakdown,
            threads);
    this.shared =
        new CacheLoop(
            () -> clients.consumer(cacheReaderSettings(kafka)),
            () -> clients.producer(cacheWriterSettings(kafka)),
            topics.cache(),
            core,
            breakdown,
            threads);
    this.settler =
        new Settler(
            config.id(),
            producer,
            topics,
            claims::ownership,
            core,
            breakdown,
            clock,
            transactionTimeout,
            clockCheck,
            metrics.commits(),
            threads,
            traces);
    core.use(
        new WorkerCore(
            new Incarnation(config.id(), machine.process()),
            config.limits(),
            new Judge(config.retry().policies(), config.retry().budget(), machine.random()),
            new WorkerCore.Answering(
                new Routes(
                    config.admission().routes(),
                    providers::serves,
                    gates(machine, metrics),
                    config.retry().policies().clockMargin()),
                cache(machine, metrics)),
            this,
            metrics));
    metrics.breakers(breakers);
    this.coreThread = start("core", core);
    this.controlThread = start("control", control);
    this.settleThread = start("settle", settler);
    this.claimThread = start("claim", claims);
    if (!config.budgets().isEmpty()) {
      spending.begin();
    }
  }

  /**
   * What every call goes through. The last that may say no is the one that counts what it lets by.
   */
  private List<TargetGate> gates(Machine machine, EngineMetrics metrics) {
    var gates = new ArrayList<TargetGate>();
    gates.add(new Breakers(config.admission().breaker(), breakers));
    LimitRules rules = config.providerLimits();
    if (!rules.equals(LimitRules.NONE)) {
      var limits =
          new GroupLimits(
              rules, config.id(), machine.random().nextInt(), reports::write, metrics.limits());
      gates.add(limits);
      if (rules.adapts()) {
        gates.add(new AdaptiveConcurrency(config.limits().slots(), limits));
      }
    }
    if (!config.budgets().isEmpty()) {
      gates.add(
          new GroupBudgets(
              config.budgets(),
              config.providers().prices(),
              config.id(),
              machine.random().nextInt(),
              spending::write,
              metrics.budgets()));
    }
    return gates;
  }

  private AnswerCache cache(Machine machine, EngineMetrics metrics) {
    return config.cache().enabled()
        ? new SharedCache(
            config.cache(),
            new CacheRecord.Owner(config.id(), machine.random().nextInt()),
            config.vigilance().clockBound(),
            shared::write,
            metrics.cache())
        : AnswerCache.NONE;
  }

  private Threads.Task start(String name, Runnable loop) {
    Threads.Task task = threads.platform("worker-" + name, loop);
    task.start();
    return task;
  }

  /** A worker whose clock is off does nothing: retries would start early, and jobs expire. */
  private void checkClock(ClockCheck check, Topics topics) {
    check
        .look(producer, topics.control(), config.id(), clock)
        .ifPresent(problem -> {
          throw new StartException(problem);
        });
  }

  @Override
  public Health health() {
    long now = threads.nanoTime();
    Duration stall = STALL.plus(config.timing().transactionTimeout().multipliedBy(3));
    if (now - claims.turnedAt() > stall.toNanos()) {
      return new Health.Dead("the claim loop stands still");
    }
    if (now - settler.turnedAt() > stall.toNanos()) {
      return new Health.Dead("the settling thread stands still");
    }
    int slots = config.limits().slots();
    if (stuck.size() * 100L >= (long) slots * config.vigilance().stuckPercent()) {
      return new Health.Dead(
          stuckCalls() + "; that is too many to go on, and only a restart ends them");
    }
    if (!claims.isAssigned()) {
      return new Health.NotReady("no partitions are assigned yet");
    }
    if (now - settler.workedAt() > CONTACT.toNanos()) {
      return new Health.NotReady(
          "no commit has worked for "
              + Duration.ofNanos(now - settler.workedAt()).toSeconds()
              + " s: Kafka is out of reach, or does not let this worker write");
    }
    String open = breakers.note();
    return stuck.isEmpty()
        ? new Health.Ready(open)
        : new Health.Ready(open.isEmpty() ? stuckCalls() : stuckCalls() + "; " + open);
  }

  /**
   * What it does at the moment. Any thread may ask.
   *
   * @param owned the partitions that it claims from
   * @param stuck how many calls do not end
   * @param calls those that run longest, the longest first
   */
  record Doing(Set<TopicPartition> owned, int stuck, List<WorkerReport.Call> calls) {
    /** Of an engine that does not run. */
    static final Doing NOTHING = new Doing(Set.of(), 0, List.of());
  }

  Doing doing() {
    Ownership owned = claims.ownership();
    List<WorkerReport.Call> calls =
        runner.running().stream()
            .filter(claim -> claim.begunAt() != null)
            .map(this::report)
            .sorted(Comparator.comparing(WorkerReport.Call::startedAt))
            .limit(WorkerReport.MAX_CALLS)
            .toList();
    return new Doing(owned == null ? Set.of() : owned.partitions(), stuck.size(), calls);
  }

  private WorkerReport.Call report(Claim claim) {
    JobRecord record = claim.record();
    return new WorkerReport.Call(
        record.job().id(),
        record.generation(),
        record.nextAttempt(),
        WorkerReport.shown(record.job().model()),
        WorkerReport.shown(claim.target().toString()),
        Objects.requireNonNull(claim.begunAt()),
        stuck.containsKey(claim));
  }

  private String stuckCalls() {
    String first =
        stuck.values().stream()
            .min(Comparator.comparing(StuckCall::since))
            .map(call -> ", the longest since " + call.since() + ": " + call.name())
            .orElse("");
    return stuck.size()
        + " of "
        + config.limits().slots()
        + " slots have calls that do not end"
        + first;
  }

  private record StuckCall(Instant since, String name) {}

  @Override
  public void stuck(Claim claim) {
    JobRecord record = claim.record();
    Instant since = Objects.requireNonNullElse(claim.begunAt(), clock.instant());
    String name =
        "job "
            + record.job().id()
            + ", generation "
            + record.generation()
            + ", attempt "
            + record.nextAttempt()
            + ", model "
            + record.job().model();
    stuck.put(claim, new StuckCall(since, name));
    if (stuck.size() <= MAX_NAMED) {
      log.warn(
          "a call does not end: {}, for {} ms, {} beyond its limit; it keeps its slot until it"
              + " does, and the job goes on without it. It is at {}",
          name,
          Duration.between(since, clock.instant()).toMillis(),
          Duration.between(since.plus(record.job().attemptTimeout()), clock.instant()),
          runner.where(claim));
    }
  }

  @Override
  public void back(Claim claim) {
    StuckCall call = stuck.remove(claim);
    if (call != null) {
      log.info("a call that was stuck has ended: {}", call.name());
    }
  }

  @Override
  public Instant turnedAt() {
    return core.turnedAt();
  }

  // What the core wants done

  @Override
  public void call(Claim claim, ProviderCall call) {
    config
        .providers()
        .prices()
        .inputNanos(call.target(), call.input(), clock.instant())
        .ifPresent(claim::inputCosts);
    runner.start(claim, providers.named(call.target().provider()), call);
  }

  @Override
  public void interrupt(Claim claim) {
    runner.interrupt(claim);
  }

  @Override
  public void commit(Batch batch) {
    settler.submit(batch);
  }

  @Override
  public void pause(Set<TopicPartition> partitions) {
    claims.pause(partitions);
  }

  @Override
  public void drained() {
    drained.complete(null);
  }

  @Override
  public void fail(String reason) {
    breakdown.die(reason);
  }

  // The end

  /** Stops claiming, lets running calls end within the grace and commits. */
  private void drain() {
    Duration grace = config.timing().drainGrace();
    core.tell(new CoreEvent.Drain(clock.instant().plus(grace)));
    try {
      var _ = threads.await(drained, grace.plus(config.timing().transactionTimeout()));
    } catch (TimeoutException | ExecutionException e) {
      log.warn(
          "not everything was committed within the drain's time; the next owner runs the rest"
              + " again",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    drain();
    claims.stop();
    join(claimThread, config.timing().transactionTimeout().plusSeconds(20));
    end();
  }

  @Override
  public void abandon() {
    claims.abandon();
    runner.interruptAll();
    end();
    join(claimThread, Duration.ofSeconds(15));
  }

  private void end() {
    settler.stop();
    control.stop();
    // A transaction that is open is ended by the successor's initTransactions, or by its timeout.
    join(settleThread, Duration.ofSeconds(2));
    producer.close(Duration.ofSeconds(2));
    join(settleThread, Duration.ofSeconds(2));
    join(controlThread, Duration.ofSeconds(5));
    core.stop();
    join(coreThread, Duration.ofSeconds(5));
    try {
      // After the core, so that the others learn that this worker has left.
      reports.stop(Duration.ofSeconds(2));
      partial.stop(Duration.ofSeconds(2));
      spending.stop(Duration.ofSeconds(2));
      shared.stop(Duration.ofSeconds(2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void join(Threads.Task thread, Duration patience) {
    try {
      if (!thread.join(patience)) {
        log.warn("the thread {} did not end within {}", thread.name(), patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // Clients

  private Map<String, Object> producerSettings(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.clientSettings(config.id() + "-settle");
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("transactional.id", kafka.topics().prefix() + "worker-" + config.id());
    settings.put("transaction.timeout.ms", (int) config.timing().transactionTimeout().toMillis());
    settings.put("delivery.timeout.ms", (int) config.timing().transactionTimeout().toMillis());
    settings.put(
        "request.timeout.ms",
        (int) Math.min(5_000, config.timing().transactionTimeout().toMillis()));
    settings.put("max.block.ms", config.timing().transactionTimeout().toMillis());
    settings.put("linger.ms", 0);
    settings.put("batch.size", 256 * 1024);
    settings.put("buffer.memory", 64L * 1024 * 1024);
    settings.put("max.request.size", Topics.MAX_RECORD_BYTES + 64 * 1024);
    // A transaction that begins right after another finds the coordinator still busy; it asks again
    // soon.
    settings.put("retry.backoff.ms", 2L);
    settings.put("retry.backoff.max.ms", 500L);
    return settings;
  }

  /** Reports that are late are worth nothing, and the next one follows within a second. */
  private Map<String, Object> reportWriterSettings(KafkaConfig kafka, String of) {
    Map<String, Object> settings = kafka.clientSettings(config.id() + "-" + of + "-report");
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("linger.ms", 0);
    settings.put("request.timeout.ms", 1_500);
    settings.put("delivery.timeout.ms", 3_000);
    settings.put("max.block.ms", 1_000L);
    settings.put("buffer.memory", 1024L * 1024);
    return settings;
  }

  /** A piece of an answer that is late is worth nothing: it is lost, and nobody waits for it. */
  private Map<String, Object> partialWriterSettings(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.clientSettings(config.id() + "-progress");
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("acks", "1");
    settings.put("enable.idempotence", false);
    settings.put("retries", 0);
    settings.put("linger.ms", 5);
    settings.put("request.timeout.ms", 1_500);
    settings.put("delivery.timeout.ms", 3_000);
    settings.put("max.block.ms", 500L);
    settings.put("buffer.memory", 4L * 1024 * 1024);
    return settings;
  }

  private Map<String, Object> reportReaderSettings(KafkaConfig kafka, String of) {
    Map<String, Object> settings = readerSettings(kafka, of);
    settings.put("auto.offset.reset", "earliest");
    settings.put("isolation.level", "read_uncommitted");
    return settings;
  }

  /** What is late is past: a call is not held up for it. */
  private Map<String, Object> cacheWriterSettings(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.clientSettings(config.id() + "-cache-write");
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("linger.ms", 0);
    settings.put("request.timeout.ms", 1_500);
    settings.put("delivery.timeout.ms", 3_000);
    settings.put("max.block.ms", 1_000L);
    settings.put("max.request.size", Topics.MAX_RECORD_BYTES + 64 * 1024);
    settings.put("buffer.memory", 16L * 1024 * 1024);
    return settings;
  }

  private Map<String, Object> cacheReaderSettings(KafkaConfig kafka) {
    Map<String, Object> settings = readerSettings(kafka, "cache");
    // Where the log begins later than was read, everything is read anew.
    settings.put("auto.offset.reset", "none");
    settings.put("isolation.level", "read_uncommitted");
    settings.put("max.partition.fetch.bytes", 4 * 1024 * 1024);
    settings.put("fetch.max.wait.ms", 100);
    return settings;
  }

  private Map<String, Object> claimSettings(KafkaConfig kafka) {
    Map<String, Object> settings = readerSettings(kafka, "claim");
    settings.put("group.id", kafka.topics().workerGroup());
    settings.put("group.protocol", "consumer");
    settings.put("group.remote.assignor", RealKafkaClients.ASSIGNOR);
    settings.put("auto.offset.reset", "none");
    settings.put("max.poll.records", 2_000);
    settings.put("max.partition.fetch.bytes", Topics.MAX_RECORD_BYTES + 64 * 1024);
    settings.put("fetch.max.bytes", 16 * 1024 * 1024);
    // While a fetch waits, the partitions that it does not ask for wait too: those that were paused
    // when it was sent, and one fetch at a time goes to a broker.
    settings.put("fetch.max.wait.ms", 20);
    return settings;
  }

  private Map<String, Object> controlSettings(KafkaConfig kafka) {
    Map<String, Object> settings = readerSettings(kafka, "control");
    settings.put("auto.offset.reset", "earliest");
    return settings;
  }

  private Map<String, Object> readerSettings(KafkaConfig kafka, String role) {
    Map<String, Object> settings = new HashMap<>(kafka.clientSettings(config.id() + "-" + role));
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    settings.put("enable.auto.commit", false);
    settings.put("isolation.level", "read_committed");
    return settings;
  }
}
