package dev.penstock.worker.core;

import java.time.Duration;

/**
 * The bounds of a worker.
 *
 * @param slots how many provider calls run at once
 * @param windowJobs how many unfinished jobs of one partition it takes on
 * @param claimedBytes how many bytes of jobs it holds in memory, all partitions together
 * @param batchRecords how many jobs one transaction settles
 * @param commitLinger how long the first settled job waits for company
 */
public record CoreLimits(
    int slots, int windowJobs, long claimedBytes, int batchRecords, Duration commitLinger) {}
