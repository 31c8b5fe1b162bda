package dev.penstock.provider;

import dev.penstock.job.JobKind;
import java.util.Set;

/**
 * Something that does AI work. Implementations are thread-safe: a worker calls from as many virtual
 * threads as it has slots.
 */
public interface Provider extends AutoCloseable {
  /** The name by which jobs ask for it: what stands before the colon of {@code model}. */
  String name();

  /** The kinds of job that it serves. */
  Set<JobKind> kinds();

  /**
   * Does the work and waits for the answer. Blocking is fine. When the thread is interrupted the
   * call is to end at once: the job was cancelled, took too long, or the worker stops.
   *
   * @return the answer, or the failure as a value; what is thrown counts as a bug of the provider
   * @throws InterruptedException when interrupted
   */
  ProviderResult call(ProviderCall call) throws InterruptedException;

  /** What the call is called in traces; asked only where they are on. */
  default CallNames names(ProviderCall call) {
    return CallNames.of(name(), call);
  }

  /**
   * Loads what the first call would otherwise wait for. Called once, before any call, on a thread
   * of its own.
   */
  default void warmUp() {}

  /** Frees models, connections and threads. No call runs or follows. */
  @Override
  default void close() {}
}
