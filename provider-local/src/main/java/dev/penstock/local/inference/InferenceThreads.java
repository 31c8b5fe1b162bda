package dev.penstock.local.inference;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A fixed number of platform threads for all work that models do. A native call pins the carrier of
 * a virtual thread, and thousands of callers would leave none for anything else; so a caller waits
 * for a permit, first come first served, and its work runs on a thread of this pool.
 *
 * <p>Work comes in units of some milliseconds (one batch of the model), so that a long text shares
 * the threads with short ones and an interrupt is noticed between units. There is no queue: who
 * waits has handed nothing over yet. Thread-safe.
 */
public final class InferenceThreads implements AutoCloseable {
  /** How long {@link #close} waits for the units that still run. */
  static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

  private final Semaphore permits;
  private final ExecutorService threads;

  /**
   * @param count the number of threads, 1 or more
   */
  public InferenceThreads(int count) {
    this.permits = new Semaphore(count, true);
    this.threads =
        Executors.newFixedThreadPool(
            count, Thread.ofPlatform().name("penstock-inference-", 0).daemon().factory());
  }

  /**
   * Runs one unit and waits for it. When the caller is interrupted while it waits for its turn the
   * unit never runs; when the unit runs already it is left to end by itself, unheard.
   *
   * @throws InterruptedException when interrupted, at once
   * @throws IllegalStateException when closed
   */
  public <T> T run(Callable<T> unit) throws InterruptedException {
    permits.acquire();
    Future<T> running;
    try {
      // Permits and threads are equal in number, so this starts at once.
      running =
          threads.submit(() -> {
            try {
              return unit.call();
            } finally {
              permits.release();
            }
          });
    } catch (RejectedExecutionException e) {
      permits.release();
      throw new IllegalStateException("the local provider is closed", e);
    }
    try {
      return running.get();
    } catch (ExecutionException e) {
      throw rethrown(e);
    }
  }

  private static RuntimeException rethrown(ExecutionException e) {
    return switch (e.getCause()) {
      case RuntimeException exception -> exception;
      case Error error -> throw error;
      case null, default -> new IllegalStateException(e.getCause());
    };
  }

  /** How many callers wait for their turn now; an estimate. */
  int waiting() {
    return permits.getQueueLength();
  }

  /**
   * Takes no more units and waits for those that run.
   *
   * @return whether all have ended, so that what they used can be freed
   */
  public boolean shutDown() {
    threads.shutdown();
    boolean interrupted = false;
    long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
    try {
      while (true) {
        try {
          return threads.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
          interrupted = true; // native memory is freed after this: go on waiting, tell it later
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    shutDown();
  }
}
