package dev.penstock.worker;

import dev.penstock.job.Outcome;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.core.CoreLimits;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.Settlement;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The worker's metrics. Counters are looked up once for each combination of labels, of which there
 * are few.
 */
final class WorkerMetrics implements EngineMetrics {
  /** Models may name any provider; only what this worker can call gets a label of its own. */
  private static final String OTHER = "other";

  private final MeterRegistry registry;
  private final java.util.Set<String> providers;
  private final AtomicInteger busy;
  private final AtomicInteger queued;
  private final AtomicInteger waiting;
  private final AtomicInteger claimed;
  private final AtomicInteger stuck;
  private final Counter poisoned;
  private final Timer commits;
  private final Map<String, Counter> finished = new HashMap<>();
  private final Map<String, Timer> calls = new HashMap<>();
  private final Counter retried;

  WorkerMetrics(MeterRegistry registry, CoreLimits limits, java.util.Set<String> providers) {
    this.registry = registry;
    this.providers = java.util.Set.copyOf(providers);
    // Gauges hold weakly what they show; the limits live as long as the service does.
    registry.gauge("penstock.worker.slots", limits, CoreLimits::slots);
    registry.gauge("penstock.worker.window.jobs", limits, CoreLimits::windowJobs);
    this.busy = gauge("penstock.worker.slots.busy");
    this.queued = gauge("penstock.worker.jobs.queued");
    this.waiting = gauge("penstock.worker.jobs.waiting");
    this.claimed = gauge("penstock.worker.jobs.claimed");
    this.stuck = gauge("penstock.worker.calls.stuck");
    this.poisoned = registry.counter("penstock.worker.poison");
    this.retried = registry.counter("penstock.worker.retries");
    this.commits = registry.timer("penstock.worker.commit");
  }

  @Override
  public Timer commits() {
    return commits;
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
      case Settlement.Retry _ -> retried.increment();
    }
  }

  private Counter finished(Claim claim, Outcome outcome) {
    String kind = claim.record().job().input().kind().wireName();
    String state = outcome.state().wireName();
    return finished.computeIfAbsent(
        kind + " " + state,
        _ -> registry.counter("penstock.worker.jobs.finished", "kind", kind, "outcome", state));
  }

  @Override
  public void called(Claim claim, Judge.Call call, String code) {
    String provider = providers.contains(call.provider()) ? call.provider() : OTHER;
    calls
        .computeIfAbsent(
            provider + " " + code,
            _ ->
                Timer.builder("penstock.worker.calls")
                    .tag("provider", provider)
                    .tag("code", code)
                    .publishPercentileHistogram(false)
                    .register(registry))
        .record(call.latency());
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
