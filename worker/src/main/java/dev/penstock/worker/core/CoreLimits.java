package dev.penstock.worker.core;

import java.time.Duration;

/**
 * The bounds of a worker.
 *
 * @param slots how many provider calls run at once
 * @param windowJobs how many unfinished jobs of one partition it takes on, those that wait for
 *     their due time not counted
 * @param claimedBytes how many bytes of jobs it holds in memory, all partitions together
 * @param batchRecords how many jobs one transaction settles
 * @param commitLinger how long the first settled job waits for company
 * @param waiting its bounds for jobs that are not due yet
 */
public record CoreLimits(
    int slots,
    int windowJobs,
    long claimedBytes,
    int batchRecords,
    Duration commitLinger,
    Waiting waiting) {

  /**
   * The bounds of waiting.
   *
   * @param jobs how many jobs of one partition wait in memory for their due time
   * @param horizon jobs that are due later than this are passed on to a hold topic
   */
  public record Waiting(int jobs, Duration horizon) {}
}
