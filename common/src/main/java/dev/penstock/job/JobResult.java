package dev.penstock.job;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a finished job came to.
 *
 * @param id the job
 * @param generation the generation that finished
 * @param state its terminal state, as on the wire
 * @param output what the provider answered; null unless it succeeded
 * @param failure why it was dead-lettered; null otherwise
 * @param finishedAt when the outcome was decided
 * @param costNanos what its attempts cost together, in billionths of the price table's currency, as
 *     far as it is known; null where it is of none
 */
public record JobResult(
    JobId id,
    int generation,
    String state,
    @Nullable JobOutput output,
    @Nullable Failure failure,
    Instant finishedAt,
    @Nullable Long costNanos) {
  /** A result of which no cost is known. */
  public JobResult(
      JobId id,
      int generation,
      String state,
      @Nullable JobOutput output,
      @Nullable Failure failure,
      Instant finishedAt) {
    this(id, generation, state, output, failure, finishedAt, null);
  }
}
