package dev.penstock.worker.admit;

import dev.penstock.job.JobRecord;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Breaker} for each target. Their number is bounded: whoever submits jobs can make up
 * models, and beyond {@link #MAX_TARGETS} those of one provider share one.
 */
public final class Breakers implements TargetGate {
  static final int MAX_TARGETS = 1_000;

  private final BreakerRule rule;
  private final Listener listener;
  private final Map<Target, Breaker> byTarget = new HashMap<>();
  private long version;

  /** Is told what breakers do. Called on the core's thread. */
  public interface Listener {
    /** Nobody wants to know. */
    Listener NONE = (_, _, _, _) -> {};

    /**
     * The target's breaker is in another state.
     *
     * @param since since when it has not been closed; null when it is closed
     * @param why for people
     */
    void changed(Target target, State state, @Nullable Instant since, String why);
  }

  /** What a breaker lets through: all, nothing, or some calls to see whether it is well again. */
  public enum State {
    CLOSED,
    HALF_OPEN,
    OPEN
  }

  public Breakers(BreakerRule rule, Listener listener) {
    this.rule = rule;
    this.listener = listener;
  }

  @Override
  public Opening look(Target target, JobRecord record, Instant now) {
    return rule.enabled() ? of(target).look(now) : Opening.OPEN;
  }

  @Override
  public Pass take(Target target, JobRecord record, Instant now) {
    return rule.enabled() ? of(target).take(now) : NO_PASS;
  }

  @Override
  public long version() {
    return version;
  }

  private static final Pass NO_PASS =
      new Pass() {
        @Override
        public void ended(ProviderResult result, Duration latency, Instant now) {}

        @Override
        public void unused(Instant now) {}
      };

  private Breaker of(Target target) {
    Breaker known = byTarget.get(target);
    if (known != null) {
      return known;
    }
    Target bounded =
        byTarget.size() < MAX_TARGETS ? target : new Target(target.provider(), "(others)");
    return byTarget.computeIfAbsent(
        bounded, name -> new Breaker(name, rule, listener, () -> version++));
  }
}
