package dev.penstock.replayer.look;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.replayer.look.LetterLog.Session;
import dev.penstock.replayer.look.LetterLog.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What every {@link LetterLog} does; the one in memory and the one in Kafka are held to it. */
public final class LetterLogContract {
  private static final Duration LONG = Duration.ofMinutes(1);

  private LetterLogContract() {}

  /**
   * Looks at a log in every way.
   *
   * @param all that stands in it: at least three in partition 0
   */
  public static void check(LetterLog log, List<LetterId> all) throws InterruptedException {
    try (Session session = log.open()) {
      List<Long> starts = session.starts();
      List<Long> ends = session.ends();
      assertThat(starts).hasSize(log.partitions());
      assertThat(ends).hasSize(log.partitions());
      var spans = new HashMap<Integer, Span>();
      for (int p = 0; p < log.partitions(); p++) {
        spans.put(p, new Span(starts.get(p), ends.get(p)));
      }
      assertThat(read(session, spans)).containsExactlyInAnyOrderElementsOf(all);
      for (int p = 0; p < log.partitions(); p++) {
        int partition = p;
        List<LetterId> expected =
            all.stream()
                .filter(id -> id.partition() == partition)
                .sorted((one, other) -> Long.compare(one.offset(), other.offset()))
                .toList();
        assertThat(read(session, spans).stream().filter(id -> id.partition() == partition).toList())
            .as("each partition in the order of its offsets")
            .isEqualTo(expected);
      }
      List<LetterId> first =
          all.stream()
              .filter(id -> id.partition() == 0)
              .sorted((one, other) -> Long.compare(one.offset(), other.offset()))
              .toList();
      LetterId second = first.get(1);
      assertThat(read(session, Map.of(0, new Span(second.offset(), second.offset() + 1))))
          .containsExactly(second);
      assertThat(read(session, Map.of(0, new Span(second.offset(), first.getLast().offset()))))
          .containsExactlyElementsOf(first.subList(1, first.size() - 1));
      assertThat(read(session, Map.of(0, new Span(second.offset(), second.offset())))).isEmpty();
      assertThat(read(session, Map.of())).isEmpty();
    }
  }

  private static List<LetterId> read(Session session, Map<Integer, Span> spans)
      throws InterruptedException {
    var ids = new ArrayList<LetterId>();
    assertThat(session.read(spans, LONG, letter -> ids.add(letter.id()))).isTrue();
    return ids;
  }
}
