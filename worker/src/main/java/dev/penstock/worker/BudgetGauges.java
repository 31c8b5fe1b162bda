package dev.penstock.worker;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.worker.budget.BudgetMetrics;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongFunction;

/**
 * Budgets as metrics, in whole units of the currency. Only settings make labels, so their number is
 * bounded.
 */
final class BudgetGauges implements BudgetMetrics {
  private static final double NANO = 1e-9;

  /** From so many hundredths on a budget is near its end. */
  private static final int NEAR_PERCENT = 80;

  /** The tenants that have no budget of their own: what they have spent is known together only. */
  private static final String OTHERS = "*";

  private final MeterRegistry registry;
  private final Map<Key, Shown> now = new ConcurrentHashMap<>();
  private final Set<Key> registered = new HashSet<>();

  private record Key(String kind, String name, String period) {}

  BudgetGauges(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void budgets(List<Shown> all) {
    var keys = new HashSet<Key>();
    for (Shown shown : all) {
      var key = new Key(shown.kind(), shown.name(), shown.period());
      keys.add(key);
      now.put(key, shown);
      if (registered.add(key)) {
        gauge(
            key,
            "limit",
            "What each of its tenants, or the route, may spend in the period, in the currency of"
                + " the prices",
            Shown::limit);
        gauge(
            key,
            "spent",
            "What all workers have spent of the budget, in the currency of the prices",
            Shown::spent);
        gauge(
            key,
            "lost",
            "What lost workers had set aside of the budget, part of what is spent",
            Shown::lost);
      }
    }
    now.keySet().retainAll(keys);
  }

  /** Those that are near their end, for a report. Any thread may ask. */
  List<WorkerReport.Budget> report() {
    return now.values().stream()
        .filter(each -> !each.name().equals(OTHERS))
        .filter(each -> each.spent() >= each.limit() / 100.0 * NEAR_PERCENT)
        .sorted(Comparator.comparing(Shown::kind).thenComparing(Shown::name))
        .limit(WorkerReport.MAX_ENTRIES)
        .map(each ->
            new WorkerReport.Budget(
                each.kind(), each.name(), each.period(), each.limit(), each.spent()))
        .toList();
  }

  private void gauge(Key key, String name, String description, ToLongFunction<Shown> value) {
    Gauge.builder("penstock.worker.budget." + name, () -> value(key, value) * NANO)
        .description(description)
        .tag("scope", key.kind())
        .tag("name", key.name())
        .tag("period", key.period())
        .register(registry);
  }

  private long value(Key key, ToLongFunction<Shown> value) {
    Shown shown = now.get(key);
    return shown == null ? 0 : value.applyAsLong(shown);
  }
}
