package dev.penstock.streams.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.streams.figures.Figures;
import dev.penstock.streams.figures.Figures.Count;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class FigureAttentionTest {
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
  private static final Backlog NONE = new Backlog(0, 0, 0L, null, List.of());

  private final TreeMap<Long, Figures> windows = new TreeMap<>();

  @Test
  void nothingIsSaidWhereAllIsWell() {
    each(60, Count.SUCCEEDED, 10);
    each(60, Count.ACCEPTED, 10);
    each(60, Count.DEAD_LETTERED, 1);
    assertThat(codes(NONE, false)).isEmpty();
  }

  @Test
  void risingDeadLettersAreToldAndUrgentWhenTheyAreMost() {
    each(60, Count.SUCCEEDED, 100);
    each(60, Count.DEAD_LETTERED, 1);
    each(9, Count.DEAD_LETTERED, 5);
    assertThat(told(NONE, false))
        .extracting(Attention::code, Attention::severity)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("dead_letters_rising", Attention.Severity.WARNING));
    each(9, Count.DEAD_LETTERED, 500);
    assertThat(told(NONE, false).getFirst().severity()).isEqualTo(Attention.Severity.CRITICAL);
  }

  @Test
  void aFallenSuccessRateIsTold() {
    each(60, Count.SUCCEEDED, 10);
    each(9, Count.EXPIRED, 5);
    assertThat(codes(NONE, false)).containsExactly("success_rate_fallen");
  }

  @Test
  void fewJobsMakeNoRate() {
    each(1, Count.EXPIRED, 3);
    assertThat(codes(NONE, false)).isEmpty();
  }

  @Test
  void aGrowingBacklogIsTold() {
    each(9, Count.ACCEPTED, 100);
    assertThat(codes(new Backlog(900, 1_000, null, null, List.of()), false))
        .containsExactly("backlog_growing");
    assertThat(codes(NONE, false)).isEmpty();
  }

  @Test
  void aJobThatIsQueuedForHoursIsTold() {
    assertThat(codes(new Backlog(1, 0, null, 3_599_000L, List.of()), false)).isEmpty();
    Attention told = told(new Backlog(2, 0, null, 7_300_000L, List.of()), false).getFirst();
    assertThat(told.code()).isEqualTo("job_waits_long");
    assertThat(told.title()).isEqualTo("A job has been queued for 2 hours");
    assertThat(told.href()).contains("sort=acceptedAt");
  }

  @Test
  void missingPartitionsAreTold() {
    assertThat(codes(NONE, true)).containsExactly("view_incomplete");
  }

  /** So many in each of the last minutes. */
  private void each(int minutes, Count what, long times) {
    for (int minute = 1; minute <= minutes; minute++) {
      windows
          .computeIfAbsent(NOW.minus(Duration.ofMinutes(minute)).toEpochMilli(), _ -> new Figures())
          .add(what, times);
    }
  }

  private List<Attention> told(Backlog backlog, boolean partial) {
    Map<List<String>, NavigableMap<Long, Figures>> minutes = Map.of(List.of(), windows);
    return new FigureAttention(minutes, backlog, partial, NOW).now();
  }

  private List<String> codes(Backlog backlog, boolean partial) {
    return told(backlog, partial).stream().map(Attention::code).toList();
  }
}
