package dev.penstock.limit;

import java.util.List;

/**
 * What one worker tells the others of a budget that it spends from. All reports stand in one
 * partition, so everyone reads them in one order; of each worker's life the last one of each scope
 * is kept.
 *
 * @param worker who writes
 * @param incarnation tells the worker's lives apart
 * @param number how many this life has written before, of all scopes
 * @param scope whose budget it is: {@code tenant/NAME} or {@code route/NAME}
 * @param periods one for each period of the budget that goes on; what an earlier report said of one
 *     that this does not name stands
 */
public record SpendReport(
    String worker, int incarnation, long number, String scope, List<Period> periods) {
  /** The largest amount: a billion of any currency. */
  public static final long MAX_AMOUNT = 1_000_000_000_000_000_000L;

  /** The most periods of one budget. */
  public static final int MAX_PERIODS = 6;

  private static final int MAX_SCOPE_CHARS = 200;

  public SpendReport {
    periods = List.copyOf(periods);
    if (number < 0) {
      throw new IllegalArgumentException("reports are counted from 0");
    }
    if (scope.isEmpty() || scope.length() > MAX_SCOPE_CHARS) {
      throw new IllegalArgumentException("a scope has 1 to " + MAX_SCOPE_CHARS + " characters");
    }
    if (periods.size() > MAX_PERIODS) {
      throw new IllegalArgumentException("a report has at most " + MAX_PERIODS + " periods");
    }
  }

  /**
   * One period. Amounts are in billionths of the price table's currency.
   *
   * @param name the hour, day or month in UTC: {@code 2026-11-21T14}, {@code 2026-11-21}, {@code
   *     2026-11}
   * @param spent what this life of the worker has spent in it
   * @param ceiling what it will not exceed with what it spends in it, until it has read that a
   *     later report let it; at least {@code spent}
   */
  public record Period(String name, long spent, long ceiling) {
    public Period {
      if (name.isEmpty() || name.length() > 20) {
        throw new IllegalArgumentException("the name of a period has 1 to 20 characters");
      }
      if (spent < 0 || ceiling < spent || ceiling > MAX_AMOUNT) {
        throw new IllegalArgumentException(
            "amounts are 0 to "
                + MAX_AMOUNT
                + ", and a ceiling is at least what is spent, but they are "
                + List.of(spent, ceiling));
      }
    }
  }
}
