package dev.penstock.replayer.replay;

import java.time.Duration;

/** Waits. Thread-safe. */
public interface Pauses {
  /** By the machine's clock. */
  Pauses REAL = Thread::sleep;

  /** Lets the time pass. */
  void pause(Duration lasting) throws InterruptedException;
}
