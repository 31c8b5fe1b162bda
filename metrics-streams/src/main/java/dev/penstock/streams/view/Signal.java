package dev.penstock.streams.view;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Wakes one waiting thread. Signals given while no one waits are kept as one. Thread-safe; one
 * thread waits.
 */
public final class Signal {
  private final Semaphore given = new Semaphore(0);

  /** Wakes the waiting thread, or the next one to wait. Never blocks. */
  public void give() {
    if (given.availablePermits() == 0) {
      given.release();
    }
  }

  /** Waits for a signal; false when none came in time. */
  public boolean await(Duration timeout) throws InterruptedException {
    if (!given.tryAcquire(Math.max(0, timeout.toNanos()), TimeUnit.NANOSECONDS)) {
      return false;
    }
    given.drainPermits();
    return true;
  }
}
