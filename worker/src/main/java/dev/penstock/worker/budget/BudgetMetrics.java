package dev.penstock.worker.budget;

import java.util.List;

/** What is shown of budgets. Called on the core's thread only. */
public interface BudgetMetrics {
  /** Nobody looks. */
  BudgetMetrics NONE = _ -> {};

  /**
   * A budget as this worker knows it, of all workers together. Amounts are in billionths of the
   * price table's currency.
   *
   * @param kind {@code tenant} or {@code route}
   * @param name the name in the setting; the tenants of {@code *} are one
   * @param period {@code hour}, {@code day} or {@code month}
   * @param limit what each of them may spend
   * @param spent what they have spent together, what lost workers had set aside included
   * @param lost what of that lost workers had set aside: nobody knows whether it was spent
   */
  record Shown(String kind, String name, String period, long limit, long spent, long lost) {}

  /** All budgets, about once a second. */
  void budgets(List<Shown> all);
}
