package dev.penstock.worker;

import dev.penstock.lifecycle.Health;
import java.time.Instant;

/**
 * Something that runs until it breaks down or is closed. It is not repaired: another one begins
 * from what is committed.
 */
interface Life extends AutoCloseable {
  /** When its loop last turned. */
  Instant turnedAt();

  /** How it is, as far as its loop turns. */
  Health health();

  /** Ends in good order: what is finished is committed. */
  @Override
  void close();

  /** Ends without committing anything more. */
  void abandon();
}
