package dev.penstock.job;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as the views tell it.
 *
 * @param id the job
 * @param kind what it asks for
 * @param model who is to do it
 * @param state where it is in its life
 * @param version the {@link LifePosition} up to which this tells its life; never falls for one
 *     reader
 * @param generation 0 as accepted; each replay adds one
 * @param attempts the finished attempts of this generation, in order
 * @param runningAttempt the attempt that was begun and has not ended, or null
 * @param maxAttempts how many there may be
 * @param cancelRequested whether someone asked for its end; final only when the state is cancelled
 * @param wastedCalls calls of this generation that were begun and lost with their worker, so were
 *     made again
 * @param acceptedAt when the intake took it
 * @param expireAt from when on no result is wanted, or null
 * @param dueAt while it is scheduled or waits: when its next attempt is due
 * @param finishedAt when its outcome was decided, or null
 * @param failure why it was dead-lettered, or null
 * @param labels the submitter's own
 * @param orderingKey after whose earlier jobs it is run, or null
 * @param tenant on whose behalf it is run; null only where a version told it that knew none
 * @param costNanos what its attempts of this generation cost together, in billionths of the price
 *     table's currency, as far as it is known; null where it is of none
 * @param wastedCostNanos what the input of the wasted calls cost by the prices of their workers: an
 *     estimate, for nobody knows what they came to; null where there are none or no price is known
 * @param retryNowRequestedAt when someone asked for the attempt that it waits for to be run now, or
 *     null
 * @param traceId the W3C trace of its submission, 32 hexadecimal digits, or null
 */
public record JobView(
    JobId id,
    String kind,
    String model,
    String state,
    String version,
    int generation,
    List<Attempt> attempts,
    @Nullable Integer runningAttempt,
    int maxAttempts,
    boolean cancelRequested,
    int wastedCalls,
    Instant acceptedAt,
    @Nullable Instant expireAt,
    @Nullable Instant dueAt,
    @Nullable Instant finishedAt,
    @Nullable Failure failure,
    Map<String, String> labels,
    @Nullable String orderingKey,
    @Nullable TenantId tenant,
    @Nullable Long costNanos,
    @Nullable Long wastedCostNanos,
    @Nullable Instant retryNowRequestedAt,
    @Nullable String traceId) {}
