package dev.penstock.runtime.kafka;

import dev.penstock.lifecycle.StartException;
import java.time.Duration;

/** Between two tries while a service starts. */
final class Pause {
  private static final Duration BRIEF = Duration.ofMillis(50);

  private Pause() {}

  /**
   * Waits a moment.
   *
   * @throws StartException when the thread is interrupted
   */
  static void briefly() {
    try {
      Thread.sleep(BRIEF);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted", e);
    }
  }
}
