package dev.penstock.job;

/**
 * What a call used, as the provider counts it.
 *
 * @param inputTokens tokens of what was sent, those from its cache included
 * @param outputTokens tokens of what came back, hidden reasoning included
 * @param cachedTokens those of the input tokens that the provider had in its own cache
 */
public record Usage(long inputTokens, long outputTokens, long cachedTokens) {
  /** Nothing, or nothing that the provider tells. */
  public static final Usage NONE = new Usage(0, 0, 0);

  public Usage {
    if (inputTokens < 0 || outputTokens < 0 || cachedTokens < 0) {
      throw new IllegalArgumentException("counts of tokens are not negative");
    }
  }

  /** What both used. */
  public Usage plus(Usage other) {
    return new Usage(
        inputTokens + other.inputTokens,
        outputTokens + other.outputTokens,
        cachedTokens + other.cachedTokens);
  }

  /** Input and output together: what providers limit by the minute. */
  public long totalTokens() {
    return inputTokens + outputTokens;
  }
}
