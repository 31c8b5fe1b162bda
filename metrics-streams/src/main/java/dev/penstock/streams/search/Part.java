package dev.penstock.streams.search;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What one instance finds in the partitions that it has.
 *
 * @param partitions which they are
 * @param count how many jobs match
 * @param hits the first of them in the order that was asked for, one more than were asked for, so
 *     that it is known whether more follow
 * @param facets of each facet that was asked for, how many of those that match have each value
 * @param indexedAt everything that the stores held at this time is found
 */
record Part(
    List<Integer> partitions,
    long count,
    List<Hit> hits,
    Map<String, Map<String, Long>> facets,
    Instant indexedAt) {
  Part {
    partitions = List.copyOf(partitions);
    hits = List.copyOf(hits);
  }

  /**
   * A job that matches.
   *
   * @param value the number that it is ordered by
   */
  record Hit(long value, JobSummary job) {
    Place place() {
      return new Place(value, job.id());
    }
  }
}
