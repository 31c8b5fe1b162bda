package dev.penstock.worker.core;

/** Where the shells hand events to the core. Thread-safe; never blocks. */
public interface CoreInbox {
  void tell(CoreEvent event);

  /** How many polled records wait to be looked at. */
  int backlog();
}
