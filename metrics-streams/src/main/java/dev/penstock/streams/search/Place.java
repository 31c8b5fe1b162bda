package dev.penstock.streams.search;

import dev.penstock.job.JobId;

/**
 * Where a job stands in an order.
 *
 * @param value the number that it is ordered by
 */
record Place(long value, JobId id) {}
