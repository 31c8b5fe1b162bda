package dev.penstock.replayer.look;

import java.time.Duration;

/** What became of each dead letter. Thread-safe. */
public interface Standings {
  /** What became of one, as far as is known here; those that nobody resolved are open. */
  Standing of(int partition, long offset);

  /**
   * Waits until everything is known here that is committed now.
   *
   * @return whether it is; not when it takes longer than {@code patience}
   */
  boolean catchUp(Duration patience) throws InterruptedException;
}
