package dev.penstock.streams.view;

import org.jspecify.annotations.Nullable;

/**
 * A record was folded, and what that changed. Also told where the record was known already or is of
 * a generation that is over: {@code before} and {@code after} are equal then. A job that is dropped
 * some time after its end is told as {@link Fact.Dropped}, which stands nowhere.
 *
 * @param fact what the record says
 * @param origin where it stands; null where no record says it
 * @param appendedAtMillis when the broker appended it, since the epoch
 */
public record Change(
    Fact fact, @Nullable Origin origin, long appendedAtMillis, JobLife before, JobLife after) {}
