package dev.penstock.worker.core;

/** Where the shells say that they can't go on. Thread-safe. */
public interface Breakdown {
  /**
   * Something that can pass: everything in memory is dropped and the worker begins anew from what
   * is committed.
   */
  void restart(String reason, Throwable cause);

  /** Something that a person must look at: the process ends with this message. */
  void die(String reason);

  /**
   * Going on for one more moment could break a promise: the process ends at once, without a clean
   * stop.
   */
  void halt(String reason);
}
