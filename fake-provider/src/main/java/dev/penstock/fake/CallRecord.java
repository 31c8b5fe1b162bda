package dev.penstock.fake;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What became of one call.
 *
 * @param number from 1, since the statistics began
 * @param at when it came
 * @param key which key it came with: the first 12 hexadecimal digits of its SHA-256, or an empty
 *     text
 * @param path of the request
 * @param model as asked for, or an empty text
 * @param streamed whether the answer was to come in events
 * @param outcome {@code answered}, {@code client_gone}, {@code unauthenticated}, {@code invalid},
 *     {@code limited_requests}, {@code limited_tokens}, {@code limited_concurrency}, or the name of
 *     what the script made go wrong, with errors as {@code status_500}
 * @param status the HTTP status that was sent or begun, 0 for none
 * @param millis from the whole request to the end of the answer
 * @param inputTokens that were counted, 0 for a call that was refused
 * @param outputTokens that were counted
 * @param requestId the provider's id of it
 * @param idempotencyKey that came along, or null
 */
public record CallRecord(
    long number,
    Instant at,
    String key,
    String path,
    String model,
    boolean streamed,
    String outcome,
    int status,
    long millis,
    int inputTokens,
    int outputTokens,
    String requestId,
    @Nullable String idempotencyKey) {
  /** Whether the answer was as it should be, and whole. */
  public boolean answered() {
    return outcome.equals("answered");
  }

  /** Whether a limit that the server keeps was in the way. */
  public boolean limited() {
    return outcome.startsWith("limited_");
  }
}
