package dev.penstock.worker;

import dev.penstock.worker.budget.BudgetMetrics;
import dev.penstock.worker.cache.CacheMetrics;
import dev.penstock.worker.core.CoreMetrics;
import dev.penstock.worker.hold.HoldMetrics;
import dev.penstock.worker.limit.LimitMetrics;
import dev.penstock.worker.partial.PartialMetrics;
import io.micrometer.core.instrument.Timer;

/** What an engine measures. */
public interface EngineMetrics extends CoreMetrics {
  /** Times each transaction. */
  Timer commits();

  /** What goes by this name broke down, and begins anew if it can. Any thread may tell. */
  default void brokeDown(String name) {}

  /** From now on these are the breakers that count. */
  void breakers(BreakerStates states);

  /** Shows the limits of providers. */
  default LimitMetrics limits() {
    return LimitMetrics.NONE;
  }

  /** Measures what is told of answers while they are written. */
  default PartialMetrics partialAnswers() {
    return PartialMetrics.NONE;
  }

  /** Shows the budgets. */
  default BudgetMetrics budgets() {
    return BudgetMetrics.NONE;
  }

  /** Counts what the cache of answers does. */
  default CacheMetrics cache() {
    return CacheMetrics.NONE;
  }

  /** Measures the hold topics. */
  HoldMetrics holds();
}
