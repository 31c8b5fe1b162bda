package dev.penstock.replay;

import dev.penstock.job.JobId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What stands in the ledger of one partition of dead letters. Only the decider of that partition
 * writes it, what became of a dead letter in the transaction that has the job's next generation.
 */
public sealed interface LedgerRecord {
  /** The plan that wanted it. */
  PlanId plan();

  Instant at();

  /** Its key in the compacted topic. */
  String key();

  /** A dead letter that has its one successor, or will never have one. */
  sealed interface Resolution extends LedgerRecord {
    /** Where the dead letter stands in its partition. */
    long offset();

    @Override
    default String key() {
      return String.valueOf(offset());
    }
  }

  /**
   * The job runs again, as its next generation.
   *
   * @param generation the one that had failed; the next one follows from it
   * @param orderingKey in whose line the job stands, or null where it runs without an order
   */
  record Replayed(
      long offset,
      JobId jobId,
      int generation,
      PlanId plan,
      @Nullable String orderingKey,
      Instant at)
      implements Resolution {
    /** The generation that was begun. */
    public int newGeneration() {
      return generation + 1;
    }
  }

  /**
   * The dead letter is given up.
   *
   * @param job whose it is; null where it is a record that nobody can read
   * @param generation the one that had failed; null where {@code job} is
   */
  record Discarded(
      long offset,
      @Nullable JobId job,
      @Nullable Integer generation,
      PlanId plan,
      String reason,
      Instant at)
      implements Resolution {}

  /**
   * The dead letter is given up, and goes when all before it are. What became of it before stands
   * in the ledger beside this.
   *
   * @param job whose it is; null where it is a record that nobody can read
   * @param generation the one that had failed; null where {@code job} is
   */
  record Purged(
      long offset,
      @Nullable JobId job,
      @Nullable Integer generation,
      PlanId plan,
      String reason,
      Instant at)
      implements Resolution {
    @Override
    public String key() {
      return "purged/" + offset;
    }
  }

  /**
   * A plan had selected the dead letter, and it stays as it is.
   *
   * @param detail what is wrong, for people, or null where the reason says all
   */
  record Refused(long offset, PlanId plan, Refusal reason, @Nullable String detail, Instant at)
      implements LedgerRecord {
    @Override
    public String key() {
      return "plan/" + plan + "/" + offset;
    }
  }

  /**
   * How far a plan has come in this partition.
   *
   * @param stage which of the plan's stages it works on
   * @param nextOffset all that the stage selects below it is decided
   * @param complete whether the stage has nothing left to decide
   * @param tally of all stages together; its outcomes are those that were known then
   * @param eventsFrom outcomes of what the plan replayed stand at or behind this offset of the
   *     events
   * @param seen the version of the plan that the decider obeys: where that one says so, nothing of
   *     the plan begins after this record
   * @param cancelsTo of what the plan has replayed below this offset, all that had not ended was
   *     asked to be cancelled; 0 where nothing was
   * @param cutTo up to which offset the log of dead letters was cut, or null where it was not
   */
  record Progress(
      PlanId plan,
      int stage,
      long nextOffset,
      boolean complete,
      Tally tally,
      long eventsFrom,
      int seen,
      long cancelsTo,
      @Nullable Long cutTo,
      Instant at)
      implements LedgerRecord {
    @Override
    public String key() {
      return "plan/" + plan;
    }
  }
}
