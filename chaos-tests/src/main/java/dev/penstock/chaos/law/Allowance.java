package dev.penstock.chaos.law;

import java.time.Duration;

/**
 * What a run may do beyond the plain case.
 *
 * @param crashes how many workers were killed: each may cost every job it ran one call more
 * @param clockSkew how far the clocks of the workers may be apart
 */
public record Allowance(int crashes, Duration clockSkew) {}
