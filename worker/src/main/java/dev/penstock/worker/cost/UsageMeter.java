package dev.penstock.worker.cost;

import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Target;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts tokens and cost by provider and model. Jobs may name any model, so only the first {@value
 * #MAX_MODELS} have labels of their own; the others are {@code other}. Thread-safe.
 */
public final class UsageMeter {
  static final int MAX_MODELS = 100;
  private static final String OTHER = "other";
  private static final double NANO = 1e-9;

  private final MeterRegistry registry;
  private final Set<Target> labelled = ConcurrentHashMap.newKeySet();

  public UsageMeter(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * Counts one call.
   *
   * @param answered whether it came to an answer; what others used was paid for and is of no use
   */
  void used(Target target, CallReport report, boolean answered, String currency) {
    String model = label(target);
    String result = answered ? "answered" : "failed";
    Usage usage = report.usage();
    long cached = Math.min(usage.cachedTokens(), usage.inputTokens());
    tokens(target, model, result, "input", usage.inputTokens() - cached);
    tokens(target, model, result, "cached_input", cached);
    tokens(target, model, result, "output", usage.outputTokens());
    Long cost = report.costNanos();
    if (cost == null) {
      registry
          .counter("penstock.worker.calls.unpriced", "provider", target.provider(), "model", model)
          .increment();
    } else {
      registry
          .counter(
              "penstock.worker.cost",
              "provider",
              target.provider(),
              "model",
              model,
              "result",
              result,
              "currency",
              currency)
          .increment(cost * NANO);
    }
  }

  private void tokens(Target target, String model, String result, String type, long count) {
    if (count > 0) {
      registry
          .counter(
              "penstock.worker.tokens",
              "provider",
              target.provider(),
              "model",
              model,
              "result",
              result,
              "type",
              type)
          .increment((double) count);
    }
  }

  private String label(Target target) {
    if (labelled.contains(target) || (labelled.size() < MAX_MODELS && labelled.add(target))) {
      return target.model();
    }
    return OTHER;
  }
}
