package dev.penstock.replayer.replay;

import dev.penstock.job.DeadLetter;
import org.jspecify.annotations.Nullable;

/** A record of the dead letters, as far as it could be read. */
public sealed interface Letter {
  /** Where it stands in its partition. */
  long offset();

  /**
   * A job that ended without success.
   *
   * @param traceparent the W3C trace context of its submission, or null
   */
  record OfJob(long offset, DeadLetter deadLetter, @Nullable String traceparent)
      implements Letter {}

  /** A record that no worker could read, as it was. */
  record Poison(long offset, String reason) implements Letter {}

  /** It should be a dead letter, and this program can't read it. */
  record Unreadable(long offset, String reason) implements Letter {}
}
