package dev.penstock.provider;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's headers say of one of its limits.
 *
 * @param limit how much there is in a period, or null; the period is the provider's, a minute with
 *     most
 * @param remaining how much of it is left now, or null
 * @param resetAfter in how long all of it is there again, or null
 */
public record Quota(
    @Nullable Long limit, @Nullable Long remaining, @Nullable Duration resetAfter) {}
