package dev.penstock.worker.core;

import dev.penstock.provider.CallReport;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.Settlement;
import java.time.Duration;

/**
 * What the core counts. Gauges are read by other threads, so the core publishes them at the end of
 * each turn.
 */
public interface CoreMetrics {
  /** A call ended and the job came to {@code settlement}. */
  void settled(Claim claim, Settlement settlement);

  /** A call was made. */
  void called(Claim claim, Judge.Call call, String code);

  /** A job that had to wait for its due time got its slot, so long after it was due. */
  void late(Duration lateness);

  /** The claim begins to wait until it is admitted (1), or no longer does (-1). */
  void gated(Claim claim, int change);

  /**
   * A call is made of another than the first target of the job's route.
   *
   * @param reason why, in a word of few
   */
  void failedOver(Claim claim, String reason);

  /**
   * A provider was called and nobody gets an answer of it: the job did not want it any more, or the
   * worker may not settle it.
   *
   * @param report what the provider told
   */
  default void wasted(Claim claim, Waste reason, CallReport report) {}

  /** Why an answer is of no use. */
  enum Waste {
    /** It came after its partition had gone to another worker, which makes the call again. */
    LOST("lost"),
    /** It was there, but its partition went before it was committed. */
    UNCOMMITTED("uncommitted"),
    /** It took too long. */
    TIMEOUT("timeout"),
    /** The job was cancelled meanwhile. */
    CANCELLED("cancelled"),
    /** The job expired meanwhile. */
    EXPIRED("expired");

    private final String label;

    Waste(String label) {
      this.label = label;
    }

    /** In metrics. */
    public String label() {
      return label;
    }
  }

  /**
   * Of the jobs that could run and wait, for a slot or until someone may be called, the one that
   * waits longest does so for this long. Told about once a second.
   */
  default void longestWait(Duration wait) {}

  /** A transaction was refused; nothing of it is visible. */
  default void commitRefused() {}

  /** A record could not be read. */
  void poisoned();

  /** The state at the end of a turn. */
  void turn(int busySlots, int queued, int waiting, int claimed, int stuck);
}
