package dev.penstock.worker.judge;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * How many retries a provider is sent: a share of the first calls that it gets, plus a floor for
 * when there are few, as in Finagle's {@code RetryBudget} and the retry throttling of gRPC (A6). A
 * provider in trouble is not given several times the load by retries.
 *
 * <p>A retry beyond the budget is not given up. It goes into debt: its due time moves to when what
 * is earned from now on will have paid for it, and for those before it.
 *
 * <p>Not thread-safe; each worker has its own.
 */
public final class RetryBudget {
  /** What is earned and not used is kept for so long. */
  private static final Duration KEPT = Duration.ofSeconds(10);

  /** No retry is moved further than this by the budget. */
  static final Duration MAX_DELAY = Duration.ofHours(1);

  private final double share;
  private final double floorPerSecond;
  private final Map<String, Account> accounts = new HashMap<>();

  /**
   * @param share how many retries each first call earns, for example 0.2
   * @param floorPerSecond how many retries each second earns
   */
  public RetryBudget(double share, double floorPerSecond) {
    if (share < 0 || !(floorPerSecond > 0)) {
      throw new IllegalArgumentException(
          "share is at least 0 and floorPerSecond more than 0, but they are "
              + share
              + " and "
              + floorPerSecond);
    }
    this.share = share;
    this.floorPerSecond = floorPerSecond;
  }

  /** A first call to {@code provider} has ended. */
  void earn(String provider, Instant now) {
    account(provider, now).firstCall();
  }

  /**
   * Spends one retry.
   *
   * @return how much later than its backoff says it is due, because the budget is spent
   */
  Duration spend(String provider, Instant now) {
    return account(provider, now).spend();
  }

  private Account account(String provider, Instant now) {
    Account account = accounts.computeIfAbsent(provider, _ -> new Account(now));
    account.passTo(now);
    return account;
  }

  private final class Account {
    private double balance = floorPerSecond * KEPT.toSeconds();
    private double callsPerSecond;
    private Instant at;

    Account(Instant now) {
      this.at = now;
    }

    /** The rate of calls is an exponential mean over the time that earnings are kept. */
    void passTo(Instant now) {
      double seconds = Math.max(0, Duration.between(at, now).toMillis() / 1_000.0);
      if (seconds > 0) {
        at = now;
        callsPerSecond *= Math.exp(-seconds / KEPT.toSeconds());
        balance = Math.min(balance + floorPerSecond * seconds, mostKept());
      }
    }

    void firstCall() {
      callsPerSecond += 1.0 / KEPT.toSeconds();
      balance = Math.min(balance + share, mostKept());
    }

    Duration spend() {
      balance -= 1;
      if (balance >= 0) {
        return Duration.ZERO;
      }
      double seconds = -balance / earnedPerSecond();
      return seconds >= MAX_DELAY.toSeconds()
          ? MAX_DELAY
          : Duration.ofMillis((long) Math.ceil(seconds * 1_000));
    }

    private double mostKept() {
      return Math.max(1, earnedPerSecond() * KEPT.toSeconds());
    }

    private double earnedPerSecond() {
      return floorPerSecond + share * callsPerSecond;
    }
  }
}
