package dev.penstock.replayer.travel;

import dev.penstock.codec.Json;
import dev.penstock.job.Attempt;
import dev.penstock.job.JobEvent.Finished;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobState;
import dev.penstock.job.Outcome;
import dev.penstock.job.Served;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a job ended.
 *
 * @param at when
 * @param attempts how many calls it took
 * @param latencyMillis how long the last of them took: what the model itself takes, whatever the
 *     job waited for before
 * @param costNanos what all of them cost, in billionths of the price table's currency, as far as it
 *     is known; null where it is of none
 * @param cached whether it was answered by what an identical job had come to: then latency and cost
 *     say nothing of the model
 * @param model who answered, as {@code provider} or {@code provider:model}; null where nobody did
 * @param failure the code of why it failed, or null
 * @param output what it came to; null where it came to nothing, or {@code cut} is true
 * @param cut whether the output is larger than {@link #MAX_OUTPUT_CHARS} and left out
 * @param hash SHA-256, in hexadecimal, of the whole output's JSON; null where there is none
 */
record Ended(
    JobState state,
    Instant at,
    int attempts,
    long latencyMillis,
    @Nullable Long costNanos,
    boolean cached,
    @Nullable String model,
    @Nullable String failure,
    @Nullable JobOutput output,
    boolean cut,
    @Nullable String hash) {
  /** The longest output that is kept, as JSON. A vector of 3,072 numbers has about 40,000. */
  static final int MAX_OUTPUT_CHARS = 64_000;

  static Ended of(Finished event) {
    List<Attempt> attempts = event.attempts();
    Attempt last = attempts.isEmpty() ? null : attempts.getLast();
    Served served = last == null ? null : last.served();
    JobOutput output = null;
    String failure = null;
    if (event.outcome() instanceof Outcome.Succeeded(JobOutput told)) {
      output = told;
    } else if (event.outcome() instanceof Outcome.DeadLettered(var reason)) {
      failure = reason.code();
    }
    String json = output == null ? null : Json.MAPPER.writeValueAsString(output);
    boolean cut = json != null && json.length() > MAX_OUTPUT_CHARS;
    return new Ended(
        event.outcome().state(),
        event.at(),
        attempts.size(),
        last == null ? 0 : last.latency().toMillis(),
        Attempt.costNanos(attempts),
        served != null && served.cachedAt() != null,
        model(last),
        failure,
        cut ? null : output,
        cut,
        json == null ? null : sha256(json));
  }

  private static @Nullable String model(@Nullable Attempt last) {
    if (last == null) {
      return null;
    }
    Served served = last.served();
    String model = served == null ? null : served.providerModel();
    return model == null ? last.provider() : last.provider() + ":" + model;
  }

  private static String sha256(String json) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(json.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  boolean isSuccess() {
    return state == JobState.SUCCEEDED;
  }
}
