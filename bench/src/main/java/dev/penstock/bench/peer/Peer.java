package dev.penstock.bench.peer;

import java.util.Optional;

/**
 * Another way to do what the worker does: reads jobs, makes the call, writes one output for each.
 */
public interface Peer {
  /** For tables. */
  String name();

  /**
   * Begins, and returns at once.
   *
   * @throws RuntimeException when it can't
   */
  Running start(Course course);

  /** A peer at work. Closing it lets it finish what it has begun, for a bounded time. */
  interface Running extends AutoCloseable {
    /** Why it has stopped by itself, if it has. */
    Optional<Throwable> failure();

    @Override
    void close();
  }
}
