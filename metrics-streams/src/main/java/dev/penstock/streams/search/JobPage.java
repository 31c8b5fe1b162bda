package dev.penstock.streams.search;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A page of jobs, as it is answered.
 *
 * @param next where the next page begins, or null when there is none
 * @param total how many match in all
 * @param facets of each facet that was asked for the values that most jobs have, the most frequent
 *     first
 * @param indexedAt everything that the views held at this time is found
 */
record JobPage(
    List<JobSummary> jobs,
    @Nullable String next,
    Total total,
    @Nullable Map<String, List<ValueCount>> facets,
    Instant indexedAt) {
  /** How many jobs match; always exact. */
  record Total(long count, boolean exact) {}

  /** How many of the jobs that match have a value. */
  record ValueCount(String value, long count) {}
}
