package dev.penstock.runtime.kafka;

import dev.penstock.lifecycle.StartException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Between two tries while a service starts. */
final class Pause {
  private static final Duration BRIEF = Duration.ofMillis(50);
  private static final Duration LONGEST = Duration.ofSeconds(3);

  private Pause() {}

  /**
   * Waits a moment.
   *
   * @throws StartException when the thread is interrupted
   */
  static void briefly() {
    pause(BRIEF);
  }

  /**
   * Waits for a random time, the longer the more tries there were, so that of several services that
   * get in each other's way one gets through.
   *
   * @throws StartException when the thread is interrupted
   */
  static void apart(int tries) {
    long most = Math.min(LONGEST.toMillis(), BRIEF.toMillis() << Math.min(tries, 10));
    pause(Duration.ofMillis(ThreadLocalRandom.current().nextLong(most + 1)));
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted", e);
    }
  }
}
