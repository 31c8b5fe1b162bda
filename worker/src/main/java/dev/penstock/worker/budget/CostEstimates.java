package dev.penstock.worker.budget;

import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.Usage;
import dev.penstock.provider.Target;
import dev.penstock.worker.cost.Prices;
import dev.penstock.worker.cost.TokenGuess;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a call will cost: the price of a guess at its tokens, times what calls of the same target
 * and kind were off by before. Where a provider has no prices but tells costs itself, their mean.
 *
 * <p>Not thread-safe.
 */
final class CostEstimates {
  private static final Logger log = LoggerFactory.getLogger(CostEstimates.class);

  /** About so many of the latest calls are remembered. */
  private static final double MEMORY = 50;

  private static final double LEAST_RATIO = 0.001;
  private static final double MOST_RATIO = 10_000;
  private static final int MAX_LEARNED = 1_000;
  private static final int MAX_TOLD = 100;

  private final Prices prices;
  private final Set<String> unpriced = new HashSet<>();
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
    double cost;
    double calls;
  }

  CostEstimates(Prices prices) {
    this.prices = prices;
  }

  /** What a call is expected to cost; 0 where it costs nothing as far as is known. */
  long expected(Target target, JobInput input, Instant now) {
    Learned before = learned.get(new Of(target, input.kind()));
    OptionalLong guess = prices.expectedNanos(target, usage(input), now);
    if (guess.isEmpty()) {
      if (before != null) {
        return Math.round(before.cost / before.calls);
      }
      tellUnpriced(target);
      return 0;
    }
    double ratio =
        before == null || before.guessed <= 0
            ? 1
            : Math.clamp(before.cost / before.guessed, LEAST_RATIO, MOST_RATIO);
    return guess.getAsLong() == 0 ? 0 : Math.max(1, Math.round(guess.getAsLong() * ratio));
  }

  /** What the input alone costs: what is counted for a call that was cut off and told nothing. */
  long inputAlone(Target target, JobInput input, Instant now) {
    return prices.inputNanos(target, input, now).orElse(0);
  }

  /** What a call has cost that told what it used, but whose model has no price of its own. */
  long of(Target target, Usage used, Instant now) {
    return used.equals(Usage.NONE) ? 0 : prices.expectedNanos(target, used, now).orElse(0);
  }

  /** A call has told its cost. */
  void told(Target target, JobInput input, long cost, Instant now) {
    double guess = prices.expectedNanos(target, usage(input), now).orElse(0);
    if (cost == 0 && guess == 0) {
      return;
    }
    Learned sums = learned.computeIfAbsent(new Of(target, input.kind()), _ -> new Learned());
    double kept = 1 - 1 / MEMORY;
    sums.guessed = sums.guessed * kept + guess;
    sums.cost = sums.cost * kept + cost;
    sums.calls = sums.calls * kept + 1;
  }

  private static Usage usage(JobInput input) {
    return new Usage(
        Math.round(Math.ceil(TokenGuess.input(input))),
        Math.round(Math.ceil(TokenGuess.output(input))),
        0);
  }

  private void tellUnpriced(Target target) {
    if (unpriced.size() < MAX_TOLD && unpriced.add(target.provider())) {
      log.info(
          "no price of {} is known: its calls cost nothing and no budget stops them, unless it"
              + " tells their cost itself; worker.prices-file says what calls cost",
          target.provider());
    }
  }
}
