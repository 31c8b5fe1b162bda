package dev.penstock.lifecycle;

/**
 * Something that runs. Start and stop once each; a second start or stop, and a stop before the
 * start, do nothing. Implementations are thread-safe.
 */
public interface Service extends AutoCloseable {
  /** For people: in logs and on the readiness page. */
  String name();

  /**
   * Begins to run and returns when the service works or goes on becoming ready in the background
   * ({@link #health} tells).
   *
   * @throws StartException when it can't run; the message says why and what to do
   */
  void start();

  /** Whether it does its work at this moment. Quick: it looks at memory only. */
  Health health();

  /** Stops within the service's own bound, finishing or handing back what it has begun. */
  @Override
  void close();
}
