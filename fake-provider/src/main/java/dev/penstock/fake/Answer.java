package dev.penstock.fake;

import org.jspecify.annotations.Nullable;

/**
 * What the model says, whatever the protocol.
 *
 * @param text what it writes, as far as it comes; the arguments where it calls a tool
 * @param tool the tool that it calls, or null
 * @param finish why it ends
 * @param outputTokens as {@link Tokens} counts them
 */
record Answer(String text, @Nullable String tool, Finish finish, int outputTokens) {
  /** Why an answer ends. */
  enum Finish {
    /** It is whole. */
    STOP,
    /** The bound of tokens. */
    LENGTH,
    /** It calls a tool. */
    TOOL,
    /** The model declines; the text says so. */
    REFUSAL,
    /** The provider's filter stopped it. */
    FILTER
  }
}
