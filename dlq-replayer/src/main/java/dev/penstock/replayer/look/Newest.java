package dev.penstock.replayer.look;

import dev.penstock.codec.Json;
import dev.penstock.replayer.look.LetterLog.Span;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * One page of dead letters, the newest first over all partitions: reads each partition backwards,
 * some offsets at a time, and takes the newest of all, over and over. Used by one thread.
 */
final class Newest {
  /** So many records are looked at for one page, about. */
  static final int MAX_SCANNED = 10_000;

  /** So long one page may take; what it has until then is the page. */
  static final Duration LIMIT = Duration.ofSeconds(10);

  private static final int MIN_STEP = 50;
  private static final int MAX_STEP = 2_000;

  private final LetterLog.Session session;
  private final LetterQuery query;
  private final Standings standings;
  private final InstantSource clock;
  private final Fingerprints fingerprints = new Fingerprints();
  private final List<Behind> partitions = new ArrayList<>();
  private long scanned;

  /** What is known of a partition: all that matches from {@code below} on and was not told. */
  private static final class Behind {
    private final int partition;
    private final long start;
    private final Deque<LetterRow> found = new ArrayDeque<>();
    private long below;
    private int step = MIN_STEP;

    Behind(int partition, long start, long below) {
      this.partition = partition;
      this.start = start;
      this.below = below;
    }

    boolean isUnknown() {
      return found.isEmpty() && below > start;
    }

    /** Below it nothing was told. */
    long told() {
      LetterRow next = found.peekFirst();
      return next == null ? below : next.id().offset() + 1;
    }
  }

  Newest(LetterLog.Session session, LetterQuery query, Standings standings, InstantSource clock) {
    this.session = session;
    this.query = query;
    this.standings = standings;
    this.clock = clock;
  }

  /**
   * The page.
   *
   * @param cursor where the one before ended, or null for the first one
   */
  ObjectNode page(int limit, @Nullable String cursor) throws InterruptedException {
    List<Long> starts = session.starts();
    List<Long> ends = session.ends();
    List<Long> below = cursor == null ? ends : LetterCursor.parse(cursor, ends.size());
    for (int p = 0; p < ends.size(); p++) {
      partitions.add(new Behind(p, starts.get(p), Math.min(below.get(p), ends.get(p))));
    }
    Instant deadline = clock.instant().plus(LIMIT);
    var rows = new ArrayList<LetterRow>();
    while (rows.size() < limit && fill(deadline)) {
      Behind newest = null;
      for (Behind each : partitions) {
        if (!each.found.isEmpty() && (newest == null || isNewer(each, newest))) {
          newest = each;
        }
      }
      if (newest == null) {
        break;
      }
      rows.add(newest.found.removeFirst());
    }
    return json(rows);
  }

  private static boolean isNewer(Behind one, Behind other) {
    return one.found.getFirst().writtenAtMillis() > other.found.getFirst().writtenAtMillis();
  }

  /** Whether of each partition the newest one is known that is still to be told. */
  private boolean fill(Instant deadline) throws InterruptedException {
    while (true) {
      List<Behind> unknown = partitions.stream().filter(Behind::isUnknown).toList();
      if (unknown.isEmpty()) {
        return true;
      }
      Duration left = Duration.between(clock.instant(), deadline);
      if (scanned >= MAX_SCANNED || !left.isPositive() || !step(unknown, left)) {
        return false;
      }
    }
  }

  /** Whether it came to the end of the step; else nothing has changed. */
  private boolean step(List<Behind> unknown, Duration limit) throws InterruptedException {
    int share = Math.max(1, MAX_SCANNED / unknown.size());
    Map<Integer, Span> spans = new HashMap<>();
    Map<Integer, Deque<LetterRow>> found = new HashMap<>();
    for (Behind each : unknown) {
      long from = Math.max(each.start, each.below - Math.min(each.step, share));
      spans.put(each.partition, new Span(from, each.below));
      found.put(each.partition, new ArrayDeque<>());
    }
    boolean complete =
        session.read(
            spans,
            limit,
            letter -> {
              scanned++;
              Standing standing = standings.of(letter.partition(), letter.offset());
              Deque<LetterRow> rows = found.get(letter.partition());
              if (rows != null && query.matches(letter, standing, fingerprints)) {
                rows.addFirst(LetterRow.of(letter, standing, fingerprints));
              }
            });
    if (!complete) {
      return false;
    }
    for (Behind each : unknown) {
      each.found.addAll(found.getOrDefault(each.partition, new ArrayDeque<>()));
      Span span = spans.get(each.partition);
      each.below = span == null ? each.below : span.from();
      // Where few match, it is quicker to look at more at once.
      each.step = Math.min(MAX_STEP, 2 * each.step);
    }
    return true;
  }

  private ObjectNode json(List<LetterRow> rows) {
    ObjectNode page = Json.MAPPER.createObjectNode();
    var letters = page.putArray("letters");
    rows.forEach(row -> letters.add(row.toJson()));
    page.put("scanned", scanned);
    if (partitions.stream().anyMatch(each -> each.told() > each.start)) {
      page.put("next", LetterCursor.text(partitions.stream().map(Behind::told).toList()));
    }
    return page;
  }
}
