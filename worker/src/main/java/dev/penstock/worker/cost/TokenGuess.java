package dev.penstock.worker.cost;

import dev.penstock.job.JobInput;

/** How many tokens a call may take, guessed from what it asks for. */
public final class TokenGuess {
  /** The rule of thumb of OpenAI and Anthropic for English text. */
  private static final double CHARS_A_TOKEN = 4;

  private static final double TOKENS_A_SENTENCE = 40;
  private static final double TOKENS_A_LABEL = 8;
  private static final double TOKENS_OF_A_LANGUAGE = 16;
  private static final double TOKENS_OF_AN_EXTRACT = 500;

  private TokenGuess() {}

  /** Tokens of what is sent; prompts that providers put around it are not counted. */
  public static double input(JobInput input) {
    double rest =
        switch (input) {
          case JobInput.Summarize _, JobInput.Embed _, JobInput.DetectLanguage _ -> 0;
          case JobInput.Classify(String _, var labels) ->
              labels.stream().mapToInt(String::length).sum();
          case JobInput.Generate(String _, String system, int _) ->
              system == null ? 0 : system.length();
          case JobInput.Extract(String _, var schema) -> schema.text().length();
        };
    return (input.text().length() + rest) / CHARS_A_TOKEN;
  }

  /** Tokens of the longest answer, where the input bounds it, else of a usual one. */
  public static double output(JobInput input) {
    return switch (input) {
      case JobInput.Summarize(String _, int sentences) -> sentences * TOKENS_A_SENTENCE;
      case JobInput.Classify(String _, var labels) -> labels.size() * TOKENS_A_LABEL;
      case JobInput.Embed _ -> 0;
      case JobInput.DetectLanguage _ -> TOKENS_OF_A_LANGUAGE;
      case JobInput.Generate(String _, String _, int maxOutputTokens) -> maxOutputTokens;
      case JobInput.Extract _ -> TOKENS_OF_AN_EXTRACT;
    };
  }
}
