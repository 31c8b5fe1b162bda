package dev.penstock.job;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a finished call beyond its result.
 *
 * @param providerModel the model as the provider names what it used, or null
 * @param requestId the provider's own id of the call, or null
 * @param usage what the call used
 * @param costNanos what it cost, in billionths of the price table's currency; null where no price
 *     is known
 * @param insteadOf why an earlier target of the job's route was not called, or null where this was
 *     the first
 * @param target whom the job's route had called, {@code provider} or {@code provider:model}, or
 *     null where the job itself names it
 * @param cachedAt when the answer was kept that this attempt was served with, by the broker's
 *     clock; null where a provider was called. What is served so uses and costs nothing
 */
public record Served(
    @Nullable String providerModel,
    @Nullable String requestId,
    Usage usage,
    @Nullable Long costNanos,
    @Nullable String insteadOf,
    @Nullable String target,
    @Nullable Instant cachedAt) {
  /** The longest of the texts, in UTF-16 code units; what is longer is cut. */
  public static final int MAX_TEXT_CHARS = 200;

  public Served {
    providerModel = cut(providerModel);
    requestId = cut(requestId);
    insteadOf = cut(insteadOf);
    target = cut(target);
    if (costNanos != null && costNanos < 0) {
      throw new IllegalArgumentException("a cost is not negative");
    }
  }

  /** What is known of a provider's call to a target that the job itself names. */
  public Served(
      @Nullable String providerModel,
      @Nullable String requestId,
      Usage usage,
      @Nullable Long costNanos,
      @Nullable String insteadOf) {
    this(providerModel, requestId, usage, costNanos, insteadOf, null, null);
  }

  private static @Nullable String cut(@Nullable String text) {
    return text == null || text.length() <= MAX_TEXT_CHARS
        ? text
        : text.substring(0, MAX_TEXT_CHARS - 1) + "…";
  }
}
