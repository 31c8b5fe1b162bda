package dev.penstock.replayer.look;

import dev.penstock.codec.Json;
import dev.penstock.replayer.look.LetterLog.Session;
import dev.penstock.replayer.look.LetterLog.Span;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers what people ask about dead letters, as JSON. Reads on the calling thread, in memory that
 * does not grow with how many there are. Thread-safe.
 *
 * <p>All of it throws {@link BusyException} where as many read already as may, {@link
 * LedgerBehindException} where it is not known what became of dead letters, {@link
 * InvalidQueryException} where it can't be asked, and {@link
 * org.apache.kafka.common.KafkaException} where Kafka does not answer.
 */
public final class DeadLetters {
  public static final int DEFAULT_LIMIT = 50;
  public static final int MAX_LIMIT = 500;

  /** So many read all dead letters at once. */
  static final int MAX_SCANS = 2;

  /** So many read some dead letters at once. */
  static final int MAX_LOOKS = 16;

  /** So long groups may be counted; those of what was read until then are told. */
  private static final Duration GROUPS_LIMIT = Duration.ofMinutes(2);

  /** So long an export may take; its last line says whether it is all. */
  private static final Duration EXPORT_LIMIT = Duration.ofMinutes(30);

  private static final Duration SHOW_LIMIT = Duration.ofSeconds(10);
  private static final Duration LEDGER_PATIENCE = Duration.ofSeconds(5);
  private static final byte[] NEW_LINE = "\n".getBytes(StandardCharsets.US_ASCII);

  private final LetterLog log;
  private final Standings standings;
  private final InstantSource clock;
  private final Semaphore scans = new Semaphore(MAX_SCANS);
  private final Semaphore looks = new Semaphore(MAX_LOOKS);

  public DeadLetters(LetterLog log, Standings standings, InstantSource clock) {
    this.log = log;
    this.standings = standings;
    this.clock = clock;
  }

  /**
   * Dead letters in Kafka.
   *
   * @param standings which someone else runs and closes
   */
  public static DeadLetters of(
      Clients clients, KafkaConfig kafka, Standings standings, InstantSource clock) {
    return new DeadLetters(new KafkaLetterLog(clients, kafka, clock), standings, clock);
  }

  /** The offset behind the last one of each partition that is committed now. */
  public List<Long> ends() throws InterruptedException {
    return reading(looks, Session::ends);
  }

  /**
   * A page of those that match, the newest first: {@code letters}, {@code scanned}, and {@code
   * next} where there may be more. One page looks at a bounded number of dead letters, so it may be
   * short, or empty, and still have a next one.
   *
   * @param limit 1 to {@link #MAX_LIMIT}
   * @param cursor the {@code next} of the page before, or null for the first one
   */
  public ObjectNode list(LetterQuery query, int limit, @Nullable String cursor)
      throws InterruptedException {
    if (limit < 1 || limit > MAX_LIMIT) {
      throw new InvalidQueryException("limit", "must be a whole number from 1 to " + MAX_LIMIT);
    }
    return reading(
        looks,
        session -> {
          catchUp();
          return new Newest(session, query, standings, clock).page(limit, cursor);
        });
  }

  /**
   * Those that match in groups, the largest first: {@code groups}, {@code other} (in none that is
   * told), {@code matched}, {@code scanned}, {@code complete}.
   *
   * @param by {@code fingerprint}, {@code code}, {@code provider}, {@code model}, {@code tenant},
   *     {@code kind} or {@code age}
   */
  public ObjectNode groups(LetterQuery query, String by) throws InterruptedException {
    GroupTable.By known =
        GroupTable.By.ofWireName(by)
            .orElseThrow(
                () -> new InvalidQueryException("by", "must be one of " + GroupTable.By.names()));
    return reading(
        scans,
        session -> {
          var fingerprints = new Fingerprints();
          var table = new GroupTable(known, clock.instant(), fingerprints);
          var scanned = new AtomicLong();
          boolean complete =
              scan(
                  session,
                  GROUPS_LIMIT,
                  (letter, standing) -> {
                    scanned.incrementAndGet();
                    if (query.matches(letter, standing, fingerprints)) {
                      table.add(letter);
                    }
                  });
          return table.toJson(scanned.get(), complete);
        });
  }

  /**
   * Everything about one: what a list shows, the record, its headers and its bytes. Nothing where
   * none stands there.
   */
  public Optional<ObjectNode> show(LetterId id) throws InterruptedException {
    return reading(
        looks,
        session -> {
          catchUp();
          return find(session, id)
              .map(letter -> WholeLetter.json(letter, standings.of(id.partition(), id.offset())));
        });
  }

  /**
   * What the value of one is as a record of another kind: {@code codec}, {@code version}, and
   * {@code value} or {@code reason}. Nothing where none stands there.
   *
   * @param codec the kind: {@code job}, {@code event}, {@code dead-letter} …
   * @param version of the format, whatever it says itself; null for as it says
   */
  public Optional<ObjectNode> decode(LetterId id, String codec, @Nullable Integer version)
      throws InterruptedException {
    // What can't be asked is refused before anything is read.
    var _ = RecordKinds.decode(null, codec, version);
    return reading(
        looks,
        session ->
            find(session, id).map(letter -> RecordKinds.decode(letter.value(), codec, version)));
  }

  private Optional<LetterRecord> find(Session session, LetterId id) throws InterruptedException {
    if (id.partition() >= log.partitions()) {
      return Optional.empty();
    }
    long end = session.ends().get(id.partition());
    long start = session.starts().get(id.partition());
    if (id.offset() < start || id.offset() >= end) {
      return Optional.empty();
    }
    var found = new AtomicReference<@Nullable LetterRecord>();
    var span = Map.of(id.partition(), new Span(id.offset(), id.offset() + 1));
    if (!session.read(span, SHOW_LIMIT, found::set)) {
      throw new org.apache.kafka.common.errors.TimeoutException(
          "the dead letter " + id + " could not be read within " + SHOW_LIMIT.toSeconds() + " s");
    }
    return Optional.ofNullable(found.get());
  }

  /**
   * Writes those that match, each as a line of JSON that has what is needed to put it back. The
   * last line is {@code {"end":true,…}} and tells how many; where it is {@code false}, time was up
   * before the end, and where it is missing, something went wrong.
   *
   * @param sink is not closed
   * @throws IOException when the sink does not take it
   */
  public void export(LetterQuery query, OutputStream sink)
      throws IOException, InterruptedException {
    try {
      var _ =
          reading(
              scans,
              session -> {
                var fingerprints = new Fingerprints();
                var scanned = new AtomicLong();
                var exported = new AtomicLong();
                boolean complete =
                    scan(
                        session,
                        EXPORT_LIMIT,
                        (letter, standing) -> {
                          scanned.incrementAndGet();
                          if (query.matches(letter, standing, fingerprints)) {
                            exported.incrementAndGet();
                            line(WholeLetter.line(letter, standing), sink);
                          }
                        });
                ObjectNode end = Json.MAPPER.createObjectNode();
                end.put("end", complete);
                end.put("letters", exported.get());
                end.put("scanned", scanned.get());
                line(Json.MAPPER.writeValueAsBytes(end), sink);
                return exported.get();
              });
    } catch (UncheckedIOException e) {
      throw new IOException("the export can't be written", e.getCause());
    }
  }

  private static void line(byte[] json, OutputStream sink) {
    try {
      sink.write(json);
      sink.write(NEW_LINE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is done with each dead letter that there is. */
  private interface Each {
    void take(LetterRecord letter, Standing standing);
  }

  private boolean scan(Session session, Duration limit, Each each) throws InterruptedException {
    catchUp();
    List<Long> starts = session.starts();
    List<Long> ends = session.ends();
    var spans = new HashMap<Integer, Span>();
    for (int p = 0; p < ends.size(); p++) {
      spans.put(p, new Span(starts.get(p), ends.get(p)));
    }
    return session.read(
        spans,
        limit,
        letter -> each.take(letter, standings.of(letter.partition(), letter.offset())));
  }

  private void catchUp() throws InterruptedException {
    if (!standings.catchUp(LEDGER_PATIENCE)) {
      throw new LedgerBehindException();
    }
  }

  private interface Asked<T> {
    T answer(Session session) throws InterruptedException;
  }

  private <T> T reading(Semaphore bound, Asked<T> asked) throws InterruptedException {
    if (!bound.tryAcquire()) {
      throw new BusyException("too many read the dead letters now; try again in some seconds");
    }
    try (Session session = log.open()) {
      return asked.answer(session);
    } finally {
      bound.release();
    }
  }
}
