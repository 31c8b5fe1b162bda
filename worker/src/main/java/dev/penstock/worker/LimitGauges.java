package dev.penstock.worker;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.worker.limit.LimitMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;

/**
 * The limits of providers as metrics. Limits are configured, or learned for at most some dozens of
 * models, so their number is bounded.
 */
final class LimitGauges implements LimitMetrics {
  /** Models may name any provider; only what this worker can call gets a label of its own. */
  private static final String OTHER = "other";

  private final MeterRegistry registry;
  private final Set<String> providers;
  private final Map<Key, Shown> now = new ConcurrentHashMap<>();
  private final Set<Key> registered = new HashSet<>();
  private final Map<String, Counter> refused = new HashMap<>();

  private record Key(String scope, String kind) {}

  LimitGauges(MeterRegistry registry, Set<String> providers) {
    this.registry = registry;
    this.providers = Set.copyOf(providers);
    Gauge.builder(
            "penstock.worker.limits.learned",
            now,
            shown -> shown.values().stream().filter(Shown::learned).count())
        .description("Limits that headers of providers told")
        .register(registry);
    this.providers.forEach(this::refusals);
  }

  @Override
  public void limits(List<Shown> all) {
    var keys = new HashSet<Key>();
    for (Shown shown : all) {
      var key = new Key(shown.scope(), shown.kind());
      keys.add(key);
      now.put(key, shown);
      if (registered.add(key)) {
        register(key);
      }
    }
    now.keySet().retainAll(keys);
  }

  /** All that are known, for a report. Any thread may ask. */
  List<WorkerReport.Limit> report() {
    return now.values().stream()
        .filter(shown -> Double.isFinite(shown.most()))
        .sorted(Comparator.comparing(Shown::scope).thenComparing(Shown::kind))
        .limit(WorkerReport.MAX_ENTRIES)
        .map(shown ->
            new WorkerReport.Limit(
                WorkerReport.shown(shown.scope()),
                shown.kind(),
                shown.most(),
                finite(shown.share()),
                finite(shown.used()),
                shown.isWaitedFor()))
        .toList();
  }

  private static double finite(double amount) {
    return Double.isFinite(amount) ? amount : 0;
  }

  private void register(Key key) {
    gauge(key, "penstock.worker.limit", "The whole limit, of all workers", Shown::most);
    gauge(
        key, "penstock.worker.limit.share", "What this worker may use of the limit", Shown::share);
    gauge(key, "penstock.worker.limit.used", "What this worker uses of the limit", Shown::used);
    gauge(
        key,
        "penstock.worker.limit.members",
        "Workers that take part in the limit",
        Shown::members);
    gauge(
        key,
        "penstock.worker.limit.waiting",
        "1 while jobs of this worker wait for the limit",
        shown -> shown.isWaitedFor() ? 1 : 0);
  }

  private void gauge(Key key, String name, String description, ToDoubleFunction<Shown> value) {
    Gauge.builder(name, () -> value(key, value))
        .description(description)
        .tag("target", key.scope())
        .tag("kind", key.kind())
        .register(registry);
  }

  private double value(Key key, ToDoubleFunction<Shown> value) {
    Shown shown = now.get(key);
    return shown == null ? 0.0 : value.applyAsDouble(shown);
  }

  @Override
  public void refused(String provider) {
    String label = providers.contains(provider) ? provider : OTHER;
    refusals(label).increment();
  }

  private Counter refusals(String label) {
    return refused.computeIfAbsent(
        label,
        _ ->
            Counter.builder("penstock.worker.limit.refused")
                .description("Calls that the provider refused for its limit (429)")
                .tag("provider", label)
                .register(registry));
  }
}
