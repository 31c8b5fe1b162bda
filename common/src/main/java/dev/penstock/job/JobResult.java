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
 */
public record JobResult(
    JobId id,
    int generation,
    String state,
    @Nullable JobOutput output,
    @Nullable Failure failure,
    Instant finishedAt) {}
