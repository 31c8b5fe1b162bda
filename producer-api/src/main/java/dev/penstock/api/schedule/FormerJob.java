package dev.penstock.api.schedule;

/** What is known of the job of a schedule's former firing. */
public sealed interface FormerJob {
  /** It has an outcome, or is so old that nothing is known of it any more. */
  record Ended() implements FormerJob {}

  /** It has no outcome in this generation. */
  record Unended(int generation) implements FormerJob {}

  /** The views do not tell now. */
  record Unknown() implements FormerJob {}
}
