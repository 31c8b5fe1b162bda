package dev.penstock.replayer.plan;

/** Runs what takes long beside the coordinator, so that a simulation can do it. Thread-safe. */
public interface Threads {
  /** Virtual ones. */
  Threads REAL = (name, body) -> Thread.ofVirtual().name(name).start(body)::interrupt;

  /** Starts {@code body}; what is returned interrupts it, on any thread. */
  Runnable start(String name, Runnable body);
}
