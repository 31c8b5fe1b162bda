package dev.penstock.provider;

import dev.penstock.job.Usage;
import org.jspecify.annotations.Nullable;

/**
 * What a provider told of a call beside its result.
 *
 * @param model the model as the provider names what it used, or null
 * @param requestId the provider's own id of the call, or null
 * @param usage what it used
 * @param requests the provider's limit on calls as it stands now, or null
 * @param tokens the provider's limit on tokens as it stands now, or null
 * @param costNanos what the call cost, in billionths of the price table's currency; null where
 *     nobody knows. A provider that does not tell it leaves it to the worker's price table
 */
public record CallReport(
    @Nullable String model,
    @Nullable String requestId,
    Usage usage,
    @Nullable Quota requests,
    @Nullable Quota tokens,
    @Nullable Long costNanos) {
  /** Of a provider that tells nothing. */
  public static final CallReport NONE = new CallReport(null, null, Usage.NONE, null, null);

  /** What a provider told that knows no prices. */
  public CallReport(
      @Nullable String model,
      @Nullable String requestId,
      Usage usage,
      @Nullable Quota requests,
      @Nullable Quota tokens) {
    this(model, requestId, usage, requests, tokens, null);
  }

  /** The same with a cost. */
  public CallReport costing(long nanos) {
    return new CallReport(model, requestId, usage, requests, tokens, nanos);
  }
}
