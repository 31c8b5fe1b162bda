package dev.penstock.worker.core;

import dev.penstock.job.Job;
import dev.penstock.job.Priority;
import java.time.Duration;

/**
 * The bounds of a worker.
 *
 * @param slots how many provider calls run at once
 * @param windowJobs how many unfinished jobs of one partition it takes on, those that wait for
 *     their due time not counted
 * @param claimedBytes how many bytes of jobs it holds in memory, all partitions of the lane of
 *     normal priority together; those of the two other lanes have {@link LaneRule#OTHER_LANES_BYTES
 *     a share} of it each, on top
 * @param batchRecords how many jobs one transaction settles
 * @param commitLinger how long the first settled job waits for company
 * @param waiting its bounds for jobs that are not due yet
 * @param lanes how the slots are shared out among the priorities
 * @param stuckAfter a call that runs longer than this is called stuck, whatever its own limit
 */
public record CoreLimits(
    int slots,
    int windowJobs,
    long claimedBytes,
    int batchRecords,
    Duration commitLinger,
    Waiting waiting,
    LaneRule lanes,
    Duration stuckAfter) {
  /** Longer than any call's own limit. */
  public static final Duration DEFAULT_STUCK_AFTER = Job.MAX_ATTEMPT_TIMEOUT.plusMinutes(1);

  /** With the {@linkplain LaneRule#DEFAULT usual} shares of the priorities. */
  public CoreLimits(
      int slots,
      int windowJobs,
      long claimedBytes,
      int batchRecords,
      Duration commitLinger,
      Waiting waiting) {
    this(slots, windowJobs, claimedBytes, batchRecords, commitLinger, waiting, LaneRule.DEFAULT);
  }

  /** With calls that are called stuck by their own limits alone. */
  public CoreLimits(
      int slots,
      int windowJobs,
      long claimedBytes,
      int batchRecords,
      Duration commitLinger,
      Waiting waiting,
      LaneRule lanes) {
    this(
        slots,
        windowJobs,
        claimedBytes,
        batchRecords,
        commitLinger,
        waiting,
        lanes,
        DEFAULT_STUCK_AFTER);
  }

  /**
   * The bounds of waiting.
   *
   * @param jobs how many jobs of one partition wait in memory for their due time
   * @param horizon jobs that are due later than this are passed on to a hold topic
   */
  public record Waiting(int jobs, Duration horizon) {}

  /**
   * How the priorities share the slots.
   *
   * @param reservedForHigh how many slots only jobs of high priority get
   * @param high how many picks jobs of high priority get...
   * @param normal ...for so many of normal priority...
   * @param low ...and so many of low priority, while all wait
   * @param ageing how long a job waits for its slot before it gets one out of turn
   */
  public record LaneRule(int reservedForHigh, int high, int normal, int low, Duration ageing) {
    /** No slot is reserved. */
    public static final LaneRule DEFAULT = new LaneRule(0, 16, 4, 1, Duration.ofMinutes(5));

    public static final int MAX_WEIGHT = 1_000;

    /** One in so many bytes of the lane of normal priority is what another lane may hold. */
    static final int OTHER_LANES_BYTES = 4;

    public LaneRule {
      if (Math.min(high, Math.min(normal, low)) < 1
          || Math.max(high, Math.max(normal, low)) > MAX_WEIGHT) {
        throw new IllegalArgumentException("the weight of a lane is 1 to " + MAX_WEIGHT);
      }
    }

    int weight(Priority priority) {
      return switch (priority) {
        case HIGH -> high;
        case NORMAL -> normal;
        case LOW -> low;
      };
    }
  }
}
