package dev.penstock.chaos.law;

import java.time.Duration;

/**
 * What a run may do beyond the plain case.
 *
 * @param crashes how many workers were killed, or lost a partition otherwise: each may cost every
 *     job it ran one call more
 * @param clockSkew how far the clocks of the workers may be apart
 * @param commitsToTell how many transactions may begin and be committed during a call before one
 *     tells of it
 * @param promptly how long after its submission a job's first call begins at the latest
 * @param otherDeaths how many processes may have been lost for reasons that are not one job's
 */
public record Allowance(
    int crashes, Duration clockSkew, int commitsToTell, Duration promptly, int otherDeaths) {
  /** Where other things than jobs may take the time. */
  public static final Duration NO_MATTER_WHEN = Duration.ofDays(1);

  /** Of a run whose calls nobody saw. */
  public Allowance(int crashes, Duration clockSkew) {
    this(crashes, clockSkew, 0, NO_MATTER_WHEN, crashes);
  }
}
