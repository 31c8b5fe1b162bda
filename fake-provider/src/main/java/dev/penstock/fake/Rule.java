package dev.penstock.fake;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What happens to which calls.
 *
 * @param when which calls
 * @param does what goes wrong with them, or null for nothing
 * @param latency how long they take, or null for as long as others
 */
record Rule(When when, @Nullable Misbehaviour does, @Nullable Latency latency) {
  /**
   * All that is given must hold.
   *
   * @param calls the numbers of the calls, from 1; empty for any
   * @param every each so-manieth call, or 0 for any
   * @param share of the calls, chosen by the seed
   * @param from since when, from the moment at which the script was set
   * @param length for how long, or null for ever
   * @param model the model's name, or null for any
   * @param prompt what the prompt contains, or null for anything
   * @param path what the request's path ends with, or null for any
   * @param times at most so many calls, or 0 for any number
   */
  record When(
      Set<Long> calls,
      long every,
      double share,
      Duration from,
      @Nullable Duration length,
      @Nullable String model,
      @Nullable String prompt,
      @Nullable String path,
      long times) {
    When {
      calls = Set.copyOf(calls);
    }

    boolean holds(long number, Duration elapsed, Asked asked, String requestPath, double drawn) {
      return (calls.isEmpty() || calls.contains(number))
          && (every == 0 || number % every == 0)
          && drawn < share
          && elapsed.compareTo(from) >= 0
          && (length == null || elapsed.compareTo(from.plus(length)) < 0)
          && (model == null || model.equals(asked.model()))
          && (path == null || requestPath.endsWith(path))
          && (prompt == null || asked.prompt().contains(prompt));
    }
  }
}
