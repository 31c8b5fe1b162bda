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
 */
public record CallReport(
    @Nullable String model,
    @Nullable String requestId,
    Usage usage,
    @Nullable Quota requests,
    @Nullable Quota tokens) {
  /** Of a provider that tells nothing. */
  public static final CallReport NONE = new CallReport(null, null, Usage.NONE, null, null);
}
