package dev.penstock.worker;

import dev.penstock.provider.CallReport;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.core.CoreMetrics;
import dev.penstock.worker.cost.Prices;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Counts calls of which nobody gets the answer, and what they cost: as the provider told it, or
 * where it told nothing by the price of their input. Called on the core's thread only.
 */
final class WasteMeter {
  /** Models may name any provider; only what this worker can call gets a label of its own. */
  private static final String OTHER = "other";

  private static final double NANO = 1e-9;

  private final MeterRegistry registry;
  private final Set<String> providers;
  private final Prices prices;

  WasteMeter(MeterRegistry registry, Set<String> providers, Prices prices) {
    this.registry = registry;
    this.providers = Set.copyOf(providers);
    this.prices = prices;
    for (String provider : this.providers) {
      for (CoreMetrics.Waste reason : CoreMetrics.Waste.values()) {
        calls(provider, reason);
      }
    }
  }

  /** Of the prices; null where there are none. */
  @Nullable String currency() {
    String currency = prices.currency();
    return currency.isEmpty() ? null : currency;
  }

  private Counter calls(String provider, CoreMetrics.Waste reason) {
    return Counter.builder("penstock.worker.calls.wasted")
        .description("Calls of which nobody gets the answer")
        .tag("provider", provider)
        .tag("reason", reason.label())
        .register(registry);
  }

  void wasted(Claim claim, CoreMetrics.Waste reason, CallReport report) {
    String called = claim.target().provider();
    String provider = providers.contains(called) ? called : OTHER;
    calls(provider, reason).increment();
    Long told = report.costNanos();
    Long cost = told == null ? claim.inputCostNanos() : told;
    if (cost != null) {
      Counter.builder("penstock.worker.cost.wasted")
          .description("What calls cost of which nobody gets the answer, in the label's currency")
          .tag("provider", provider)
          .tag("reason", reason.label())
          .tag("basis", told == null ? "input" : "told")
          .tag("currency", prices.currency())
          .register(registry)
          .increment(cost * NANO);
    }
  }
}
