package dev.penstock.api.schedule;

import org.jspecify.annotations.Nullable;

/** What is known of the job of a schedule's former firing. */
public sealed interface FormerJob {
  /** It has an outcome, or is so old that nothing is known of it any more. */
  record Ended() implements FormerJob {}

  /**
   * It has no outcome in this generation.
   *
   * @param orderingKey whose line it is in, or null
   */
  record Unended(int generation, @Nullable String orderingKey) implements FormerJob {}

  /** The views do not tell now. */
  record Unknown() implements FormerJob {}
}
