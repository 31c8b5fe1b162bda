package dev.penstock.worker;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobState;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Target;
import dev.penstock.runtime.ops.Buckets;
import dev.penstock.runtime.ops.CurrentTrace;
import dev.penstock.topic.Topics;
import dev.penstock.worker.admit.Breakers;
import dev.penstock.worker.budget.BudgetMetrics;
import dev.penstock.worker.cache.CacheMetrics;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.core.CoreLimits;
import dev.penstock.worker.cost.Prices;
import dev.penstock.worker.hold.HoldMetrics;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.limit.LimitMetrics;
import dev.penstock.worker.partial.PartialMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;

/**
 * The worker's metrics. Counters are looked up once for each combination of labels, of which there
 * are few.
 */
final class WorkerMetrics implements EngineMetrics {
  /** Models may name any provider; only what this worker can call gets a label of its own. */
  private static final String OTHER = "other";

  private static final double NANOS_A_SECOND = 1e9;

  /**
   * The codes of failures that there are; series that begin at 0 show the first one, too. A code
   * that is not among them gets its series when it comes.
   */
  private static final List<String> CODES =
      List.of(
          "authentication",
          "budget",
          "call_cancelled",
          "content_refused",
          "context_too_long",
          "crash_loop",
          "invalid_request",
          "model_not_found",
          "no_provider",
          "output_too_large",
          "overloaded",
          "retryable",
          "throttled",
          "timeout",
          "undecodable",
          "unknown");

  private final MeterRegistry registry;
  private final Set<String> providers;
  private final AtomicInteger busy;
  private final AtomicInteger queued;
  private final AtomicInteger waiting;
  private final AtomicInteger claimed;
  private final AtomicInteger stuck;
  private final AtomicLong longestWait = new AtomicLong();
  private final Counter poisoned;
  private final Counter refusedCommits;
  private final Timer commits;
  private final Map<Priority, Timer> waits = new EnumMap<>(Priority.class);
  private final Map<JobKind, Map<JobState, Timer>> lasted = new EnumMap<>(JobKind.class);
  private final Map<String, Counter> deadLetters = new HashMap<>();
  private final Map<JobKind, Map<JobState, Counter>> finished = new EnumMap<>(JobKind.class);
  private final Map<String, Map<String, Timer>> calls = new HashMap<>();
  private final Map<String, Counter> overBudget = new HashMap<>();
  private final Map<String, AtomicInteger> gated = new ConcurrentHashMap<>();
  private final Map<String, Map<String, Counter>> failovers = new HashMap<>();
  private final Set<String> routes;
  private final List<Target> routeTargets;
  private volatile BreakerStates breakers = new BreakerStates();
  private final Counter retried;
  private final Counter held;
  private final Timer lateness;
  private final HoldMetrics holds;
  private final LimitGauges shared;
  private final PartialMetrics partial;
  private final BudgetGauges budgets;
  private final WasteMeter waste;
  private final CacheMeters cache;

  /** Of a worker whose calls have no price. */
  WorkerMetrics(
      MeterRegistry registry,
      CoreLimits limits,
      Topics topics,
      Set<String> providers,
      Map<String, List<Target>> routes) {
    this(
        registry,
        limits,
        topics,
        providers,
        routes,
        new WasteMeter(registry, providers, Prices.NONE));
  }

  WorkerMetrics(
      MeterRegistry registry,
      CoreLimits limits,
      Topics topics,
      Set<String> providers,
      Map<String, List<Target>> routes,
      WasteMeter waste) {
    this.registry = registry;
    this.waste = waste;
    this.providers = Set.copyOf(providers);
    this.routes = Set.copyOf(routes.keySet());
    this.routeTargets = routes.values().stream().flatMap(List::stream).distinct().toList();
    routeTargets.forEach(this::breaker);
    this.providers.forEach(this::notClosed);
    this.providers.forEach(this::overBudget);
    CODES.forEach(this::deadLetter);
    for (JobKind kind : JobKind.values()) {
      for (JobState state : JobState.values()) {
        if (state.isTerminal()) {
          finished(kind, state);
        }
      }
    }
    for (Priority priority : Priority.all()) {
      waits.put(
          priority,
          Timer.builder("penstock.worker.queue.wait")
              .description("From when a job could run (accepted, or due) to its call")
              .tag("priority", priority.wireName())
              .serviceLevelObjectives(Buckets.waits())
              .register(registry));
    }
    // Gauges hold weakly what they show; the limits live as long as the service does.
    gauge("slots", "Calls that may run at once", limits, CoreLimits::slots);
    gauge(
        "window.jobs", "Unfinished jobs taken on of one partition", limits, CoreLimits::windowJobs);
    gauge(
        "window.waiting",
        "Jobs of one partition that may wait in memory for their due time",
        limits,
        each -> each.waiting().jobs());
    this.busy = gauge("slots.busy", "Slots that calls hold");
    this.queued = gauge("jobs.queued", "Jobs in memory that wait for a slot");
    this.waiting =
        gauge(
            "jobs.waiting",
            "Jobs in memory that wait for their due time, until someone may be called, or for"
                + " another one's call");
    this.claimed = gauge("jobs.claimed", "Jobs in memory that are not settled");
    this.stuck = gauge("stuck.calls", "Calls that do not end; each holds a slot");
    Gauge.builder(
            "penstock.worker.longest.wait", longestWait, nanos -> nanos.get() / NANOS_A_SECOND)
        .description(
            "How long the one that waits longest for a slot, or until someone may be called, could"
                + " have run already")
        .baseUnit("seconds")
        .register(registry);
    this.poisoned = counter("poison", "Records that no one can read, now dead letters");
    this.retried = counter("retries", "Attempts that failed and are followed by another");
    this.held = counter("holds", "Jobs sent to the hold topics, since they are due late");
    this.refusedCommits =
        counter("commit.refused", "Transactions that were refused; nothing of them is visible");
    this.lateness =
        Timer.builder("penstock.worker.due.lateness")
            .description("From a job's due time to the slot that it runs in")
            .serviceLevelObjectives(Buckets.waits())
            .register(registry);
    this.holds = new HoldMetrics(registry, topics);
    this.shared = new LimitGauges(registry, this.providers);
    this.partial = new PartialCounters(registry);
    this.budgets = new BudgetGauges(registry);
    this.cache = new CacheMeters(registry, this::label);
    this.commits =
        Timer.builder("penstock.worker.commit")
            .description("Transactions that settle jobs, from their begin to their commit")
            .serviceLevelObjectives(Buckets.exchanges())
            .register(registry);
    brokeDown("worker", 0);
    brokeDown("worker-hold", 0);
  }

  private Counter counter(String name, String description) {
    return Counter.builder("penstock.worker." + name).description(description).register(registry);
  }

  private static <T> Gauge.Builder<T> gaugeOf(
      String name, String description, T shown, ToDoubleFunction<T> value) {
    return Gauge.builder("penstock.worker." + name, shown, value).description(description);
  }

  private <T> void gauge(String name, String description, T shown, ToDoubleFunction<T> value) {
    gaugeOf(name, description, shown, value).register(registry);
  }

  private AtomicInteger gauge(String name, String description) {
    var value = new AtomicInteger();
    gaugeOf(name, description, value, AtomicInteger::get).strongReference(true).register(registry);
    return value;
  }

  @Override
  public void brokeDown(String name) {
    brokeDown(name, 1);
  }

  private void brokeDown(String name, int times) {
    Counter.builder("penstock.worker.breakdowns")
        .description("How often it broke down and began anew from what is committed")
        .tag("part", name)
        .register(registry)
        .increment(times);
  }

  /** What this worker's surroundings are, for a report. Any thread may ask. */
  WorkerReport.Surroundings surroundings() {
    BreakerStates states = breakers;
    var targets = new TreeMap<String, Target>();
    states.notClosed().forEach(target -> targets.put(target.toString(), target));
    routeTargets.forEach(target -> targets.put(target.toString(), target));
    return new WorkerReport.Surroundings(
        providers.stream().sorted().limit(WorkerReport.MAX_ENTRIES).toList(),
        targets.values().stream()
            .sorted(Comparator.comparing(target -> states.of(target) == Breakers.State.CLOSED))
            .limit(WorkerReport.MAX_ENTRIES)
            .map(states::report)
            .toList(),
        shared.report(),
        gated.entrySet().stream()
            .filter(each -> each.getValue().get() > 0)
            .sorted(Map.Entry.comparingByKey())
            .limit(WorkerReport.MAX_ENTRIES)
            .map(each ->
                new WorkerReport.Gate(
                    WorkerReport.shown(each.getKey()), Math.max(0, each.getValue().get())))
            .toList(),
        budgets.report(),
        waste.currency());
  }

  /** Slots that are taken, as of the core's last turn. */
  int busy() {
    return busy.get();
  }

  /** Jobs in memory, as of the core's last turn. */
  int claimed() {
    return claimed.get();
  }

  @Override
  public Timer commits() {
    return commits;
  }

  @Override
  public LimitMetrics limits() {
    return shared;
  }

  @Override
  public PartialMetrics partialAnswers() {
    return partial;
  }

  @Override
  public BudgetMetrics budgets() {
    return budgets;
  }

  @Override
  public CacheMetrics cache() {
    return cache;
  }

  @Override
  public HoldMetrics holds() {
    return holds;
  }

  /** Models can be made up by whoever submits jobs; those of routes are the workers' own. */
  private void breaker(Target target) {
    Gauge.builder("penstock.worker.breaker.state", () -> number(breakers.of(target)))
        .description("Breaker of a target: 0 closed, 1 half open, 2 open")
        .tag("target", target.toString())
        .register(registry);
  }

  private static int number(Breakers.State state) {
    return switch (state) {
      case CLOSED -> 0;
      case HALF_OPEN -> 1;
      case OPEN -> 2;
    };
  }

  private void notClosed(String provider) {
    Gauge.builder("penstock.worker.breakers.open", () -> breakers.notClosed(provider))
        .description("Targets of the provider whose breakers are open or half open")
        .tag("provider", provider)
        .register(registry);
  }

  @Override
  public void breakers(BreakerStates states) {
    breakers = states;
    // What waited in a former engine waits no more.
    gated.values().forEach(each -> each.set(0));
  }

  @Override
  public void gated(Claim claim, int change) {
    Job job = claim.record().job();
    gated.computeIfAbsent(label(job), this::gatedGauge).addAndGet(change);
  }

  private String label(Job job) {
    if (routes.contains(job.model())) {
      return job.model();
    }
    return providers.contains(job.providerName()) ? job.providerName() : OTHER;
  }

  private AtomicInteger gatedGauge(String route) {
    var value = new AtomicInteger();
    Gauge.builder("penstock.worker.jobs.gated", value, AtomicInteger::get)
        .description("Jobs that are ready and wait until someone may be called for them")
        .tag("route", route)
        .register(registry);
    return value;
  }

  @Override
  public void failedOver(Claim claim, String reason) {
    failovers
        .computeIfAbsent(label(claim.record().job()), _ -> new HashMap<>())
        .computeIfAbsent(
            reason,
            _ ->
                Counter.builder("penstock.worker.failovers")
                    .description("Calls of another than the first target of the job's route")
                    .tag("route", label(claim.record().job()))
                    .tag("reason", reason)
                    .register(registry))
        .increment();
  }

  @Override
  public void settled(Claim claim, Settlement settlement) {
    switch (settlement) {
      case Settlement.Finish finish -> finished(claim, finish);
      case Settlement.Retry retry -> {
        retried.increment();
        if (retry.isOverBudget()) {
          overBudget(retry.failed().provider()).increment();
        }
      }
      case Settlement.Hold _ -> held.increment();
    }
  }

  private Counter overBudget(String name) {
    String provider = providers.contains(name) ? name : OTHER;
    return overBudget.computeIfAbsent(
        provider,
        _ ->
            Counter.builder("penstock.worker.retries.over.budget")
                .description("Retries that are due later, since their provider's budget is spent")
                .tag("provider", provider)
                .register(registry));
  }

  private void finished(Claim claim, Settlement.Finish finish) {
    JobKind kind = claim.record().job().input().kind();
    JobState state = finish.outcome().state();
    finished(kind, state).increment();
    Duration lasting = claim.lasted(finish.at());
    if (lasting != null) {
      CurrentTrace.begin(claim.traceparent());
      try {
        lasted(kind, state).record(lasting);
      } finally {
        CurrentTrace.end();
      }
    }
    if (finish.outcome() instanceof Outcome.DeadLettered(Failure reason)) {
      deadLetter(reason.code()).increment();
    }
  }

  private Counter finished(JobKind kind, JobState state) {
    return finished
        .computeIfAbsent(kind, _ -> new EnumMap<>(JobState.class))
        .computeIfAbsent(
            state,
            _ ->
                Counter.builder("penstock.worker.jobs.finished")
                    .description("Jobs that ended, by kind and outcome")
                    .tag("kind", kind.wireName())
                    .tag("outcome", state.wireName())
                    .register(registry));
  }

  private Timer lasted(JobKind kind, JobState state) {
    return lasted
        .computeIfAbsent(kind, _ -> new EnumMap<>(JobState.class))
        .computeIfAbsent(
            state,
            _ ->
                Timer.builder("penstock.worker.job")
                    .description(
                        "From when a job was accepted, or was to run first, to its outcome")
                    .tag("kind", kind.wireName())
                    .tag("outcome", state.wireName())
                    .serviceLevelObjectives(Buckets.waits())
                    .register(registry));
  }

  private Counter deadLetter(String code) {
    return deadLetters.computeIfAbsent(
        code,
        _ ->
            Counter.builder("penstock.worker.dead.letters")
                .description("Jobs that became dead letters, by the failure's code")
                .tag("code", code)
                .register(registry));
  }

  @Override
  public void called(Claim claim, Judge.Call call, String code) {
    CurrentTrace.begin(claim.traceparent());
    try {
      calls(call.provider(), code).record(call.latency());
      Objects.requireNonNull(waits.get(claim.record().job().priority()))
          .record(claim.waited(call.startedAt()));
    } finally {
      CurrentTrace.end();
    }
  }

  private Timer calls(String name, String code) {
    String provider = providers.contains(name) ? name : OTHER;
    return calls
        .computeIfAbsent(provider, _ -> new HashMap<>())
        .computeIfAbsent(
            code,
            _ ->
                Timer.builder("penstock.worker.calls")
                    .description("Calls of providers by what came of them")
                    .tag("provider", provider)
                    .tag("code", code)
                    .serviceLevelObjectives(Buckets.calls())
                    .register(registry));
  }

  @Override
  public void wasted(Claim claim, Waste reason, CallReport report) {
    waste.wasted(claim, reason, report);
  }

  @Override
  public void late(Duration late) {
    lateness.record(late);
  }

  @Override
  public void longestWait(Duration wait) {
    longestWait.set(wait.toNanos());
  }

  @Override
  public void commitRefused() {
    refusedCommits.increment();
  }

  @Override
  public void poisoned() {
    poisoned.increment();
  }

  @Override
  public void turn(
      int busySlots, int queuedJobs, int waitingJobs, int claimedJobs, int stuckCalls) {
    busy.set(busySlots);
    queued.set(queuedJobs);
    waiting.set(waitingJobs);
    claimed.set(claimedJobs);
    stuck.set(stuckCalls);
  }
}
