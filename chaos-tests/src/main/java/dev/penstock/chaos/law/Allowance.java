package dev.penstock.chaos.law;

import dev.penstock.job.Priority;
import java.time.Duration;
import java.util.Map;

/**
 * What a run may do beyond the plain case.
 *
 * @param crashes how many workers were killed, or lost a partition otherwise: each may cost every
 *     job it ran one call more
 * @param clockSkew how far the clocks of the workers may be apart
 * @param commitsToTell how many transactions may begin and be committed during a call before one
 *     tells of it
 * @param promptly how long after its submission a job's first call begins at the latest, and each
 *     further one after it is due
 * @param otherDeaths how many processes may have been lost for reasons that are not one job's
 * @param lanes how the priorities share the slots
 * @param cancelledWithin how long after a request to cancel a job can be read its calls may go on
 *     or begin
 */
public record Allowance(
    int crashes,
    Duration clockSkew,
    int commitsToTell,
    Duration promptly,
    int otherDeaths,
    Lanes lanes,
    Duration cancelledWithin) {
  /** Where other things than jobs may take the time. */
  public static final Duration NO_MATTER_WHEN = Duration.ofDays(1);

  /**
   * How the priorities share the slots of a worker.
   *
   * @param ordinarySlots how many there are for jobs of other than high priority
   * @param weights of the priorities, where only they decide when a job's call begins; else empty
   */
  public record Lanes(int ordinarySlots, Map<Priority, Integer> weights) {
    /** Where it does not matter. */
    public static final Lanes ANY = new Lanes(Integer.MAX_VALUE, Map.of());

    public Lanes {
      weights = Map.copyOf(weights);
    }
  }

  /** Of a run in which it does not matter how priorities share the slots. */
  public Allowance(
      int crashes, Duration clockSkew, int commitsToTell, Duration promptly, int otherDeaths) {
    this(crashes, clockSkew, commitsToTell, promptly, otherDeaths, Lanes.ANY, NO_MATTER_WHEN);
  }

  /** Of a run whose calls nobody saw. */
  public Allowance(int crashes, Duration clockSkew) {
    this(crashes, clockSkew, 0, NO_MATTER_WHEN, crashes);
  }
}
