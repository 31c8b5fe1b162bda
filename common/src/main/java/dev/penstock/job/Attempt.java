package dev.penstock.job;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One finished call to a provider, or the refusal of a job that no provider serves.
 *
 * @param number 1 for the first
 * @param provider the name of the provider that was called, or that the job names and nobody knows
 * @param worker the worker that called it
 * @param startedAt when the call began, by that worker's clock
 * @param latency how long it took
 * @param failure why it failed, or null where it succeeded
 * @param served what else is known of the call, or null where no provider told anything
 * @param waits where the time before the call went, or null where its worker did not tell it
 */
public record Attempt(
    int number,
    String provider,
    String worker,
    Instant startedAt,
    Duration latency,
    @Nullable Failure failure,
    @Nullable Served served,
    @Nullable Waits waits) {
  public Attempt {
    if (number < 1) {
      throw new IllegalArgumentException("attempts are counted from 1");
    }
  }

  /** Whether a provider was called: none is where no worker knows one for the job. */
  public boolean reachedProvider() {
    return !(failure instanceof Failure.NoProvider);
  }

  /**
   * What attempts cost together, in billionths of the price table's currency, as far as it is
   * known; null where it is of none.
   */
  public static @Nullable Long costNanos(List<Attempt> attempts) {
    Long sum = null;
    for (Attempt attempt : attempts) {
      Long cost = attempt.served == null ? null : attempt.served.costNanos();
      if (cost != null) {
        sum = sum == null ? cost : Long.valueOf(Math.addExact(sum, cost));
      }
    }
    return sum;
  }

  /** An attempt whose provider told nothing but its result. */
  public Attempt(
      int number,
      String provider,
      String worker,
      Instant startedAt,
      Duration latency,
      @Nullable Failure failure) {
    this(number, provider, worker, startedAt, latency, failure, null);
  }

  /** An attempt of which nobody told what it waited for. */
  public Attempt(
      int number,
      String provider,
      String worker,
      Instant startedAt,
      Duration latency,
      @Nullable Failure failure,
      @Nullable Served served) {
    this(number, provider, worker, startedAt, latency, failure, served, null);
  }
}
