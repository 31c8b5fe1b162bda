package dev.penstock.worker;

import dev.penstock.config.SettingsReader;
import dev.penstock.job.JobKind;
import dev.penstock.job.RetryRule;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.judge.RetryBudget;
import java.time.Duration;
import java.util.EnumMap;

/**
 * When failed attempts are made again, and how many of them.
 *
 * @param policies how they are spaced
 * @param budgetPercent how many retries a hundred first calls to a provider earn
 * @param budgetFloor how many retries a second are always earned, for each provider
 */
public record Retries(RetryPolicies policies, int budgetPercent, int budgetFloor) {
  private static final Duration SHORTEST = Duration.ofMillis(1);

  /** The same with another margin for clocks that differ. */
  public Retries withClockMargin(Duration margin) {
    return new Retries(policies.withClockMargin(margin), budgetPercent, budgetFloor);
  }

  /** A budget that is not spent yet. */
  RetryBudget budget() {
    return new RetryBudget(budgetPercent / 100.0, budgetFloor);
  }

  /**
   * Reads {@code worker.retry-*} and {@code worker.retry.KIND.*}.
   *
   * @param clockBound how far each worker's clock may be off
   */
  static Retries read(SettingsReader reader, Duration clockBound) {
    RetryPolicy standard =
        policy(
            reader,
            "worker.retry-",
            new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(60)));
    var ofKind = new EnumMap<JobKind, RetryPolicy>(JobKind.class);
    for (JobKind kind : JobKind.values()) {
      ofKind.put(kind, policy(reader, "worker.retry." + kind.wireName() + ".", standard));
    }
    return new Retries(
        new RetryPolicies(standard, ofKind, clockMargin(clockBound)),
        reader.integer("worker.retry-budget-percent", 20, 0, 10_000),
        reader.integer("worker.retry-budget-floor", 10, 1, 1_000_000));
  }

  /** One clock may be ahead by the bound and another one behind by it. */
  public static Duration clockMargin(Duration clockBound) {
    return clockBound.multipliedBy(2);
  }

  private static RetryPolicy policy(SettingsReader reader, String prefix, RetryPolicy otherwise) {
    Duration base =
        reader.duration(
            prefix + "base-delay", otherwise.baseDelay(), SHORTEST, RetryRule.MAX_DELAY);
    Duration max =
        reader.duration(prefix + "max-delay", otherwise.maxDelay(), SHORTEST, RetryRule.MAX_DELAY);
    double multiplier =
        reader.decimal(prefix + "multiplier", otherwise.multiplier(), 1, RetryRule.MAX_MULTIPLIER);
    if (max.compareTo(base) < 0) {
      reader.error(
          prefix
              + "max-delay is "
              + max
              + ", less than "
              + prefix
              + "base-delay, which is "
              + base);
      return otherwise;
    }
    return new RetryPolicy(base, max, multiplier);
  }
}
