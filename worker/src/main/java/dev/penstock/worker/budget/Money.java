package dev.penstock.worker.budget;

import java.math.BigDecimal;

/** Amounts of the price table's currency, in whole billionths. */
final class Money {
  private static final int DECIMALS = 9;

  private Money() {}

  /** As people write it: {@code 12.5}. */
  static String text(long nanos) {
    return BigDecimal.valueOf(nanos, DECIMALS).stripTrailingZeros().toPlainString();
  }

  /**
   * The amount that {@code text} says.
   *
   * @throws ArithmeticException when it has more than nine decimals, or is too large for a number
   * @throws NumberFormatException when it is none
   */
  static long nanos(String text) {
    return new BigDecimal(text.strip()).movePointRight(DECIMALS).longValueExact();
  }

  /** The sum of two amounts that are not negative; the largest there is where it is too large. */
  static long sum(long a, long b) {
    long sum = a + b;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }
}
