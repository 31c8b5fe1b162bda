package dev.penstock.http;

import dev.penstock.job.Usage;
import org.jspecify.annotations.Nullable;

/** What an answer says, whichever protocol it came in. */
public sealed interface Reply {
  /**
   * Something was written.
   *
   * @param model the model as the provider names it, or null
   * @param end why it ended where it did
   * @param text all of it
   */
  record Written(@Nullable String model, Usage usage, End end, String text) implements Reply {}

  /** A text was turned into a vector. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, neither compared nor changed
  record Vector(@Nullable String model, Usage usage, float[] values) implements Reply {}

  /** The provider said, within an answer that began well, that it failed. */
  record Errored(@Nullable String model, Usage usage, ErrorBody error) implements Reply {}

  /**
   * It is not what the protocol promises.
   *
   * @param what what is missing or wrong, after "the answer"; has nothing of the answer's text
   */
  record Malformed(String what) implements Reply {}

  /** Why an answer ended where it did. */
  enum End {
    /** It was complete. */
    COMPLETE,
    /** It had as many tokens as were asked for at most. */
    LENGTH,
    /** The model's context was full. */
    CONTEXT,
    /** The provider's rules of content cut it, or the model refused. */
    REFUSED
  }
}
