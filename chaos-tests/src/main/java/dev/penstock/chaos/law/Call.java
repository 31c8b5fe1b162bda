package dev.penstock.chaos.law;

import dev.penstock.job.JobId;
import java.time.Instant;

/**
 * A call as its provider saw it.
 *
 * @param worker who made it
 * @param life which of the worker's processes that was
 * @param owned whether the group's coordinator held that process for the owner of the job's
 *     partition when the call began
 * @param ownedSince since when, if it did
 * @param toldAt when it began, by the worker's clock
 * @param beganAt when it began, by the true clock
 * @param endedAt when it came back; the end of the run when it never did
 * @param end how
 * @param commits how many transactions of that process began during the call, later than calls need
 *     to be told of, and were committed
 */
public record Call(
    JobId job,
    int generation,
    int attempt,
    String worker,
    int life,
    boolean owned,
    Instant ownedSince,
    Instant toldAt,
    Instant beganAt,
    Instant endedAt,
    End end,
    int commits) {
  /** How a call came back. */
  public enum End {
    RETURNED,
    INTERRUPTED,
    /** Its provider did not care about interrupts. */
    DEAF,
    /** It brought its process down. */
    KILLED,
    /** Its process was gone before. */
    NEVER
  }

  /** Whether it was made by the same process as the other one. */
  boolean sameLife(Call other) {
    return worker.equals(other.worker) && life == other.life;
  }
}
