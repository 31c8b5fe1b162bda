package dev.penstock.worker;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobState;
import dev.penstock.job.Outcome;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Target;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The worker's metrics. Counters are looked up once for each combination of labels, of which there
 * are few.
 */
final class WorkerMetrics implements EngineMetrics {
  /** Models may name any provider; only what this worker can call gets a label of its own. */
  private static final String OTHER = "other";

  private static final Duration[] LATENESS_BOUNDS = {
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(30)
  };

  private final MeterRegistry registry;
  private final Set<String> providers;
  private final AtomicInteger busy;
  private final AtomicInteger queued;
  private final AtomicInteger waiting;
  private final AtomicInteger claimed;
  private final AtomicInteger stuck;
  private final Counter poisoned;
  private final Timer commits;
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
    providers.forEach(this::notClosed);
    // Gauges hold weakly what they show; the limits live as long as the service does.
    registry.gauge("penstock.worker.slots", limits, CoreLimits::slots);
    registry.gauge("penstock.worker.window.jobs", limits, CoreLimits::windowJobs);
    registry.gauge("penstock.worker.window.waiting", limits, each -> each.waiting().jobs());
    this.busy = gauge("penstock.worker.slots.busy");
    this.queued = gauge("penstock.worker.jobs.queued");
    this.waiting = gauge("penstock.worker.jobs.waiting");
    this.claimed = gauge("penstock.worker.jobs.claimed");
    this.stuck = gauge("penstock.worker.stuck.calls");
    this.poisoned = registry.counter("penstock.worker.poison");
    this.retried = registry.counter("penstock.worker.retries");
    this.held = registry.counter("penstock.worker.holds");
    this.lateness =
        Timer.builder("penstock.worker.due.lateness")
            .description("from a job's due time to the slot that it runs in")
            .serviceLevelObjectives(LATENESS_BOUNDS)
            .register(registry);
    this.holds = new HoldMetrics(registry, topics);
    this.shared = new LimitGauges(registry, this.providers);
    this.partial = new PartialCounters(registry);
    this.budgets = new BudgetGauges(registry);
    this.cache = new CacheMeters(registry, this::label);
    this.commits = registry.timer("penstock.worker.commit");
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
        budgets.report());
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
        .description("0 closed, 1 half open, 2 open")
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
        .description("targets of the provider whose breakers are open or half open")
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
        .description("jobs that are ready and wait until someone may be called for them")
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
                registry.counter(
                    "penstock.worker.failovers",
                    "route",
                    label(claim.record().job()),
                    "reason",
                    reason))
        .increment();
  }

  private AtomicInteger gauge(String name) {
    var value = new AtomicInteger();
    registry.gauge(name, value);
    return value;
  }

  @Override
  public void settled(Claim claim, Settlement settlement) {
    switch (settlement) {
      case Settlement.Finish finish -> finished(claim, finish.outcome()).increment();
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
        _ -> registry.counter("penstock.worker.retries.over.budget", "provider", provider));
  }

  private Counter finished(Claim claim, Outcome outcome) {
    return finished
        .computeIfAbsent(claim.record().job().input().kind(), _ -> new EnumMap<>(JobState.class))
        .computeIfAbsent(outcome.state(), state -> counter(claim, state));
  }

  private Counter counter(Claim claim, JobState state) {
    return registry.counter(
        "penstock.worker.jobs.finished",
        "kind",
        claim.record().job().input().kind().wireName(),
        "outcome",
        state.wireName());
  }

  @Override
  public void called(Claim claim, Judge.Call call, String code) {
    String provider = providers.contains(call.provider()) ? call.provider() : OTHER;
    calls
        .computeIfAbsent(provider, _ -> new HashMap<>())
        .computeIfAbsent(
            code,
            _ ->
                Timer.builder("penstock.worker.calls")
                    .tag("provider", provider)
                    .tag("code", code)
                    .publishPercentileHistogram(false)
                    .register(registry))
        .record(call.latency());
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
