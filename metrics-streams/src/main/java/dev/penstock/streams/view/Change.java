package dev.penstock.streams.view;

/**
 * A record was folded, and what that changed. Also told where the record was known already or is of
 * a generation that is over: {@code before} and {@code after} are equal then.
 *
 * @param fact what the record says
 * @param origin where it stands
 * @param appendedAtMillis when the broker appended it, since the epoch
 */
public record Change(
    Fact fact, Origin origin, long appendedAtMillis, JobLife before, JobLife after) {}
