package dev.penstock.worker.admit;

import dev.penstock.config.SettingsReader;
import dev.penstock.job.Job;
import java.time.Duration;

/**
 * When a target is left alone, and how it is taken up again.
 *
 * @param enabled whether there are breakers at all
 * @param failurePercent from how many failed calls in a hundred on it is left alone
 * @param slow calls that count like failed ones although they succeed
 * @param minimumCalls how many calls are judged at least
 * @param window how many of the last calls are judged
 * @param open how long it is left alone the first time; each time that its probes fail, it is twice
 *     as long
 * @param longestOpen how long it is left alone at most, and when it does not take our key
 * @param probes how many calls are tried before it counts as well again
 */
public record BreakerRule(
    boolean enabled,
    int failurePercent,
    Slow slow,
    int minimumCalls,
    int window,
    Duration open,
    Duration longestOpen,
    int probes) {
  public static final BreakerRule DEFAULT =
      new BreakerRule(
          true, 50, Slow.NEVER, 20, 100, Duration.ofSeconds(5), Duration.ofMinutes(2), 3);

  /** No breakers. */
  public static final BreakerRule OFF =
      new BreakerRule(
          false,
          DEFAULT.failurePercent,
          DEFAULT.slow,
          DEFAULT.minimumCalls,
          DEFAULT.window,
          DEFAULT.open,
          DEFAULT.longestOpen,
          DEFAULT.probes);

  /**
   * Slow calls.
   *
   * @param after calls that take longer are slow
   * @param percent from how many slow calls in a hundred on the target is left alone
   */
  public record Slow(Duration after, int percent) {
    /** No call takes longer than its own limit. */
    static final Slow NEVER = new Slow(Job.MAX_ATTEMPT_TIMEOUT.plusMinutes(1), 100);
  }

  /** Reads {@code worker.breaker.*}. */
  static BreakerRule read(SettingsReader reader) {
    String prefix = "worker.breaker.";
    Duration shortest = Duration.ofMillis(1);
    Duration longest = Duration.ofHours(1);
    Duration open = reader.duration(prefix + "open", DEFAULT.open, shortest, longest);
    Duration longestOpen =
        reader.duration(prefix + "longest-open", DEFAULT.longestOpen, shortest, longest);
    if (longestOpen.compareTo(open) < 0) {
      reader.error(
          prefix + "longest-open is " + longestOpen + ", less than " + prefix + "open: " + open);
    }
    return new BreakerRule(
        reader.flag(prefix + "enabled", true),
        reader.integer(prefix + "failure-percent", DEFAULT.failurePercent, 1, 100),
        new Slow(
            reader.duration(prefix + "slow-after", Slow.NEVER.after, shortest, Duration.ofHours(1)),
            reader.integer(prefix + "slow-percent", Slow.NEVER.percent, 1, 100)),
        reader.integer(prefix + "minimum-calls", DEFAULT.minimumCalls, 1, 10_000),
        reader.integer(prefix + "window", DEFAULT.window, 1, 10_000),
        open,
        longestOpen,
        reader.integer(prefix + "probes", DEFAULT.probes, 1, 1_000));
  }
}
