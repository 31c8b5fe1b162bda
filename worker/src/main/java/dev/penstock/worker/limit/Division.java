package dev.penstock.worker.limit;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Divides a limit: max-min fair by demand ("water-filling"; Bertsekas and Gallager, Data Networks,
 * 6.5.2). Nobody gets less because another one wants more than an equal part. What nobody demands
 * is divided equally on top, so that who suddenly needs it has some at once. Pure.
 */
final class Division {
  /** Each counts as one that demands at least this part of an equal share. */
  private static final int FLOOR_PART = 20;

  private Division() {}

  /**
   * The parts, whose sum is at most {@code limit}.
   *
   * @param demands what each one could use; not negative
   */
  static long[] parts(long limit, long[] demands) {
    int count = demands.length;
    if (count == 0) {
      return new long[0];
    }
    long floor = limit / count / FLOOR_PART;
    Integer[] byDemand = IntStream.range(0, count).boxed().toArray(Integer[]::new);
    Arrays.sort(byDemand, Comparator.comparingLong(each -> demands[each]));
    var parts = new long[count];
    long left = limit;
    for (int i = 0; i < count; i++) {
      int one = byDemand[i];
      parts[one] = Math.min(Math.max(demands[one], floor), left / (count - i));
      left -= parts[one];
    }
    for (int i = 0; i < count; i++) {
      parts[i] += left / count;
    }
    return parts;
  }

  /**
   * The same in whole units, each of {@code unit}.
   *
   * @param turn who has a lower number gets one of what is left over before the others, if he
   *     demands it
   */
  static long[] wholeParts(long limit, long unit, long[] demands, long[] turn) {
    long[] parts = parts(limit - limit % unit, demands);
    long left = limit / unit;
    for (int i = 0; i < parts.length; i++) {
      parts[i] -= parts[i] % unit;
      left -= parts[i] / unit;
    }
    Integer[] byNeed = IntStream.range(0, parts.length).boxed().toArray(Integer[]::new);
    Arrays.sort(
        byNeed,
        Comparator.comparing((Integer each) -> demands[each] <= parts[each])
            .thenComparingLong(each -> turn[each])
            .thenComparingInt(each -> each));
    for (int i = 0; i < byNeed.length && left > 0; i++, left--) {
      parts[byNeed[i]] += unit;
    }
    return parts;
  }
}
