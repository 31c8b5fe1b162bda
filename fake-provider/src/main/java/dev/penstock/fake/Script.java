package dev.penstock.fake;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the fake provider behaves. {@code docs/fake-provider.md} describes its JSON.
 *
 * @param seed what all that looks random follows from
 * @param latency how long answers take
 * @param answerTokens how long answers are
 * @param contextTokens the longest prompt that is taken
 * @param cachedTokens how much of each prompt is told to have come from the provider's cache
 * @param models the models there are; empty for any
 * @param limits instead of those that the server was started with, or null
 * @param rules the first that holds for a call decides
 */
record Script(
    long seed,
    Latency latency,
    int answerTokens,
    int contextTokens,
    int cachedTokens,
    List<String> models,
    @Nullable Limits limits,
    List<Rule> rules) {
  static final int DEFAULT_ANSWER_TOKENS = 32;
  static final int DEFAULT_CONTEXT_TOKENS = 128_000;

  /** Everything works, at once. */
  static final Script NONE =
      new Script(
          1,
          Latency.NONE,
          DEFAULT_ANSWER_TOKENS,
          DEFAULT_CONTEXT_TOKENS,
          0,
          List.of(),
          null,
          List.of());

  Script {
    models = List.copyOf(models);
    rules = List.copyOf(rules);
  }

  /**
   * Reads a script.
   *
   * @throws ScriptException with all errors
   */
  static Script parse(byte[] json) throws ScriptException {
    return new ScriptReader().read(json);
  }
}
