package dev.penstock.worker.cost;

import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Target;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
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
   * Counts one call, for the model that was asked for or, where none was, the one that answered.
   *
   * @param answered whether it came to an answer; what others used was paid for and is of no use
   */
  void used(Target target, CallReport report, boolean answered, String currency) {
    Tags who = Tags.of("provider", target.provider(), "model", label(asked(target, report)));
    Tags what = who.and("result", answered ? "answered" : "failed");
    Usage usage = report.usage();
    long cached = Math.min(usage.cachedTokens(), usage.inputTokens());
    tokens(what.and("type", "input"), usage.inputTokens() - cached);
    tokens(what.and("type", "cached_input"), cached);
    tokens(what.and("type", "output"), usage.outputTokens());
    Long cost = report.costNanos();
    if (cost == null) {
      counter("calls.unpriced", "Calls of which it is not known what they cost", who).increment();
    } else {
      counter("cost", "What calls cost, in the label's currency", what.and("currency", currency))
          .increment(cost * NANO);
    }
  }

  /** Where a job leaves the model to the provider, the one that the provider tells. */
  private static Target asked(Target target, CallReport report) {
    String told = report.model();
    return target.model().isEmpty() && told != null ? new Target(target.provider(), told) : target;
  }

  private void tokens(Tags tags, long count) {
    if (count > 0) {
      counter("tokens", "Tokens that calls used", tags).increment((double) count);
    }
  }

  private Counter counter(String name, String description, Tags tags) {
    return Counter.builder("penstock.worker." + name)
        .description(description)
        .tags(tags)
        .register(registry);
  }

  private String label(Target target) {
    if (labelled.contains(target) || (labelled.size() < MAX_MODELS && labelled.add(target))) {
      return target.model();
    }
    return OTHER;
  }
}
