package dev.penstock.worker.thread;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * Every thread that the worker starts, and every wait of one. Nothing in the worker blocks but
 * through this port, a provider or a Kafka client, so whoever supplies these three decides what
 * runs when: the operating system, or a simulation with a seed. Thread-safe.
 */
public interface Threads {
  /** A platform thread that does not keep the process alive; not started yet. */
  Task platform(String name, Runnable body);

  /** A virtual thread; not started yet. */
  Task virtual(Runnable body);

  /** Something that one thread waits for. */
  Signal signal();

  /**
   * Waits until the future is done.
   *
   * @throws TimeoutException when it is not done in time
   * @throws ExecutionException when it was completed by a failure
   * @throws InterruptedException when the calling thread is interrupted
   */
  <T> T await(Future<T> future, Duration timeout)
      throws InterruptedException, ExecutionException, TimeoutException;

  /** Lets the calling thread rest for about so long; it may be less. */
  void pause(long nanos);

  /** A clock for durations, in nanoseconds from an arbitrary origin. */
  long nanoTime();

  /** A thread. */
  interface Task {
    void start();

    /** Asks what runs on it to end. */
    void interrupt();

    /** Waits for its end; false when it has not ended in time. */
    boolean join(Duration timeout) throws InterruptedException;

    String name();

    /** What it does at the moment, for people: the innermost calls, first the innermost. */
    String where();
  }

  /** Lets one thread wait, and any thread wake it. */
  interface Signal {
    /** Wakes the thread that waits, if one does. Never blocks. */
    void give();

    /**
     * Waits until {@code ready}, {@link #give} or the end of the time; may also end for no reason.
     * What becomes ready is made so before {@code give}, so no wake-up is lost.
     */
    void await(BooleanSupplier ready, long nanos);
  }
}
