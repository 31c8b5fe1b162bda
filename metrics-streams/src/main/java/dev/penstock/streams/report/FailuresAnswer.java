package dev.penstock.streams.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.penstock.job.FailureGroup;
import dev.penstock.streams.figures.FailureTable;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The answer to {@code GET /v1/failures}: the groups with the most dead letters come first. */
record FailuresAnswer(boolean partial, List<Group> groups) {
  static final int DEFAULT_LIMIT = 50;
  static final int MAX_LIMIT = 500;

  /**
   * A group of failures.
   *
   * @param message what is the same in all messages
   * @param count how many failures were seen in the time that is kept
   * @param jobs how many jobs are dead-lettered for it now
   * @param firstAt when the first one was seen in the time that is kept, or null where none was
   * @param example a job that failed so last, or null where none was seen
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Group(
      String fingerprint,
      String code,
      String provider,
      String model,
      String kind,
      String message,
      long count,
      long jobs,
      @Nullable String firstAt,
      @Nullable String lastAt,
      @Nullable String example) {
    static Group of(FailureGroup group, FailureTable.Row row) {
      boolean seen = row.isSeen();
      return new Group(
          group.fingerprint(),
          group.code(),
          group.provider(),
          group.model(),
          group.kind(),
          group.message(),
          row.count(),
          row.jobs(),
          seen ? Times.text(Instant.ofEpochMilli(row.firstMillis())) : null,
          seen ? Times.text(Instant.ofEpochMilli(row.lastMillis())) : null,
          seen ? row.example() : null);
    }
  }

  /**
   * The groups.
   *
   * @param onlyDead leaves out those for which no job is dead-lettered now
   */
  static FailuresAnswer of(FailureTable table, boolean onlyDead, int limit, boolean partial) {
    Comparator<Map.Entry<FailureGroup, FailureTable.Row>> order =
        Comparator.<Map.Entry<FailureGroup, FailureTable.Row>>comparingLong(
                each -> each.getValue().jobs())
            .thenComparingLong(each -> each.getValue().count())
            .reversed()
            .thenComparing(each -> each.getKey().toString());
    return new FailuresAnswer(
        partial,
        table.rows().entrySet().stream()
            .filter(each -> !onlyDead || each.getValue().jobs() > 0)
            .sorted(order)
            .limit(limit)
            .map(each -> Group.of(each.getKey(), each.getValue()))
            .toList());
  }
}
