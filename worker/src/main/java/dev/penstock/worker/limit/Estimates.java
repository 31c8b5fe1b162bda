package dev.penstock.worker.limit;

import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.provider.Target;
import dev.penstock.worker.cost.TokenGuess;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many tokens a call will use. A guess from its input, times what calls of the same target and
 * kind were off by before: without that, a bound on the output that nobody reaches would leave most
 * of a limit unused.
 *
 * <p>Not thread-safe.
 */
final class Estimates {
  /** About so many of the latest calls are remembered. */
  private static final double MEMORY = 50;

  private static final double LEAST_RATIO = 0.01;
  private static final double MOST_RATIO = 20;

  /** The most combinations of target and kind that are learned about. */
  private static final int MAX_LEARNED = 1_000;

  private final Map<Of, Learned> learned =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Of, Learned> eldest) {
          return size() > MAX_LEARNED;
        }
      };

  private record Of(Target target, JobKind kind) {}

  /** Sums in which each call counts less with every one that follows. */
  private static final class Learned {
    double guessed;
    double used;

    double ratio() {
      return Math.clamp(used / guessed, LEAST_RATIO, MOST_RATIO);
    }
  }

  /** The guess for a call: input and the longest output. */
  static double guess(JobInput input) {
    return Math.max(1, TokenGuess.input(input) + TokenGuess.output(input));
  }

  /** What a call is expected to use. */
  double expected(Target target, JobInput input) {
    Learned before = learned.get(new Of(target, input.kind()));
    return guess(input) * (before == null ? 1 : before.ratio());
  }

  /** A call used {@code tokens}, more than none. */
  void used(Target target, JobInput input, double tokens) {
    Learned sums = learned.computeIfAbsent(new Of(target, input.kind()), _ -> new Learned());
    double kept = 1 - 1 / MEMORY;
    sums.guessed = sums.guessed * kept + guess(input);
    sums.used = sums.used * kept + tokens;
  }
}
