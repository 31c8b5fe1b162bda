package dev.penstock.worker.admit;

import dev.penstock.job.Failure;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether one target is well. Resilience4j's state machine counts the calls and judges the probes;
 * how long the target is left alone is decided here, from the times that the core gives, so that it
 * is the same in simulation.
 *
 * <p>Besides, a target that says when to come back is left alone until then, and one that was left
 * alone is taken up slowly: with as many calls at once as probes have succeeded, and one more for
 * each that succeeds, so that they double in the time of a call.
 */
final class Breaker {
  private static final Logger log = LoggerFactory.getLogger(Breaker.class);

  /** A target is not left alone for longer because it says so; then one job asks it again. */
  static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  /** So many calls at once are no slow start any more. */
  private static final int FULL = 10_000;

  private final Target target;
  private final BreakerRule rule;
  private final Breakers.Listener listener;
  private final Runnable loosened;
  private final CircuitBreaker circuit;

  private Instant clock = Instant.EPOCH;
  private Breakers.State state = Breakers.State.CLOSED;

  /** Since when it has not been closed. */
  private @Nullable Instant since;

  private Instant retryAt = Instant.EPOCH;
  private int openings;
  private int probesLeft;

  /** How often it has changed: what comes of a call that was made before says nothing new. */
  private int epoch;

  private Instant pausedUntil = Instant.MIN;
  private Instant pausedSince = Instant.MIN;
  private String pausedFor = "";
  private int inFlight;
  private int atOnce = Integer.MAX_VALUE;

  /**
   * @param loosened called when more may be let through than before
   */
  Breaker(Target target, BreakerRule rule, Breakers.Listener listener, Runnable loosened) {
    this.target = target;
    this.rule = rule;
    this.listener = listener;
    this.loosened = loosened;
    this.circuit =
        CircuitBreaker.of(
            target.toString(),
            CircuitBreakerConfig.custom()
                .failureRateThreshold(rule.failurePercent())
                .slowCallDurationThreshold(rule.slow().after())
                .slowCallRateThreshold(rule.slow().percent())
                .minimumNumberOfCalls(rule.minimumCalls())
                .slidingWindowType(CircuitBreakerConfig.SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(Math.max(rule.window(), rule.minimumCalls()))
                .permittedNumberOfCallsInHalfOpenState(rule.probes())
                .automaticTransitionFromOpenToHalfOpenEnabled(false)
                .writableStackTraceEnabled(false)
                .clock(new CoreClock())
                .currentTimestampFunction(Clock::millis, TimeUnit.MILLISECONDS)
                .build());
  }

  TargetGate.Opening look(Instant now) {
    if (now.isBefore(pausedUntil)) {
      return new TargetGate.Opening.Closed(pausedUntil, pausedFor, pausedSince);
    }
    return switch (state) {
      case CLOSED ->
          inFlight < atOnce
              ? TargetGate.Opening.OPEN
              : new TargetGate.Opening.Closed(Instant.MAX, "slow start");
      case OPEN ->
          now.isBefore(retryAt)
              ? new TargetGate.Opening.Closed(retryAt, "breaker open", since)
              : TargetGate.Opening.OPEN;
      case HALF_OPEN ->
          probesLeft > 0
              ? TargetGate.Opening.OPEN
              : new TargetGate.Opening.Closed(Instant.MAX, "breaker half open", since);
    };
  }

  TargetGate.Pass take(Instant now) {
    clock = now;
    if (state == Breakers.State.OPEN) {
      circuit.transitionToHalfOpenState();
      probesLeft = rule.probes();
      changed(Breakers.State.HALF_OPEN, "probes are let through");
    }
    if (!circuit.tryAcquirePermission()) {
      throw new IllegalStateException("the breaker of " + target + " lets nothing through now");
    }
    probesLeft -= state == Breakers.State.HALF_OPEN ? 1 : 0;
    inFlight++;
    return new Call(epoch);
  }

  private final class Call implements TargetGate.Pass {
    private final int madeIn;

    Call(int madeIn) {
      this.madeIn = madeIn;
    }

    @Override
    public void ended(ProviderResult result, Duration latency, Instant now) {
      clock = now;
      inFlight--;
      boolean wasSlow = atOnce < Integer.MAX_VALUE;
      switch (result) {
        case ProviderResult.Answered _ -> answered(latency, now);
        case ProviderResult.Failed(Failure failure, _) -> failed(failure, latency, now);
      }
      if (wasSlow) {
        loosened.run();
      }
    }

    @Override
    public void unused(Instant now) {
      clock = now;
      inFlight--;
      ignored();
      loosened.run();
    }

    private void answered(Duration latency, Instant now) {
      if (isCurrent()) {
        circuit.onSuccess(latency.toNanos(), TimeUnit.NANOSECONDS);
        if (atOnce < Integer.MAX_VALUE) {
          atOnce = atOnce < FULL ? atOnce + 1 : Integer.MAX_VALUE;
        }
        follow(now, "calls are slow");
      }
    }

    private void failed(Failure failure, Duration latency, Instant now) {
      switch (failure) {
        case Failure.Retryable _, Failure.TimedOut _, Failure.Unknown _ ->
            bad(failure, latency, now);
        case Failure.Overloaded(_, Duration retryAfter) -> {
          bad(failure, latency, now);
          pause("overloaded", retryAfter, now);
        }
        case Failure.Throttled(_, Duration retryAfter) -> {
          ignored();
          pause("throttled", retryAfter, now);
        }
        case Failure.Authentication(String message) -> {
          if (isCurrent()) {
            stopCalling(message, now);
          }
        }
        case Failure.InvalidRequest _,
            Failure.ContentRefused _,
            Failure.ContextTooLong _,
            Failure.ModelNotFound _,
            Failure.OutputTooLarge _ -> {
          // The job's own fault: it does not speak for the target, but a probe has been answered.
          if (state == Breakers.State.HALF_OPEN) {
            answered(latency, now);
          }
        }
        case Failure.NoProvider _,
            Failure.Undecodable _,
            Failure.CallCancelled _,
            Failure.CrashLoop _,
            Failure.BudgetSpent _ ->
            ignored();
      }
    }

    private void bad(Failure failure, Duration latency, Instant now) {
      if (isCurrent()) {
        circuit.onError(latency.toNanos(), TimeUnit.NANOSECONDS, new Failed());
        follow(now, failure.code() + ": " + failure.message());
      }
    }

    private void ignored() {
      if (isCurrent() && state == Breakers.State.HALF_OPEN) {
        circuit.releasePermission();
        probesLeft++;
        loosened.run();
      }
    }

    /** A target that says so is left alone, and taken up slowly then. */
    private void pause(String what, Duration retryAfter, Instant now) {
      if (!retryAfter.isPositive()) {
        return;
      }
      Instant until =
          now.plus(retryAfter.compareTo(LONGEST_PAUSE) < 0 ? retryAfter : LONGEST_PAUSE);
      if (now.isAfter(pausedUntil)) {
        pausedSince = now;
        atOnce = Math.min(atOnce, Math.max(rule.probes(), (inFlight + 1) / 2));
      }
      if (until.isAfter(pausedUntil)) {
        pausedUntil = until;
        pausedFor = what;
      }
    }

    private boolean isCurrent() {
      return madeIn == epoch;
    }
  }

  private void stopCalling(String message, Instant now) {
    log.warn(
        "{} does not take the key that it is called with, or the key may not do this; it is not"
            + " called for {} s. Mend the key in worker.provider.{}.*: {}",
        target,
        rule.longestOpen().toSeconds(),
        target.provider(),
        message);
    circuit.transitionToOpenState();
    open(rule.longestOpen(), "authentication: " + message, now);
  }

  /** Follows what the circuit made of a call. */
  private void follow(Instant now, String why) {
    switch (circuit.getState()) {
      case OPEN -> {
        int doublings = Math.min(openings, 20);
        Duration grown = rule.open().multipliedBy(1L << doublings);
        open(grown.compareTo(rule.longestOpen()) < 0 ? grown : rule.longestOpen(), why, now);
      }
      case CLOSED -> {
        if (state == Breakers.State.HALF_OPEN) {
          openings = 0;
          since = null;
          atOnce = rule.probes();
          changed(Breakers.State.CLOSED, "its probes were answered");
        }
      }
      case HALF_OPEN -> {
        // It waits for more of its probes.
      }
      case DISABLED, METRICS_ONLY, FORCED_OPEN ->
          throw new IllegalStateException("nobody sets the breaker of " + target);
    }
  }

  private void open(Duration duration, String why, Instant now) {
    openings++;
    retryAt = now.plus(duration);
    since = since == null ? now : since;
    changed(Breakers.State.OPEN, why);
  }

  private void changed(Breakers.State next, String why) {
    state = next;
    epoch++;
    listener.changed(target, next, since, why);
    loosened.run();
  }

  /** The time that the core gave last. */
  private final class CoreClock extends Clock {
    @Override
    public ZoneOffset getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(java.time.ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return clock;
    }
  }

  /** What failed is not looked at: it only has to be something. */
  private static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failed() {
      super("the call failed", null, false, false);
    }
  }
}
