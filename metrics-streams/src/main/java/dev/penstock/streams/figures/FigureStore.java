package dev.penstock.streams.figures;

import dev.penstock.job.FailureGroup;
import dev.penstock.job.JobId;
import dev.penstock.streams.view.JobLife;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one partition. What changes between two commits is kept as objects and written to
 * the store below, and so to its changelog, once: in {@link #flushCache}, which Kafka Streams calls
 * before it commits, inside the transaction that holds the offsets. What a crash takes from memory
 * is therefore read again.
 *
 * <p>(A cache of Kafka Streams holds bytes: each of the half dozen cells that a job changes would
 * be read and written anew for each job. The hook is the one that those caches use; it is in a
 * package of Kafka's that is public in Java but not promised, so {@code FigureTopologyTest} looks
 * that it is called.)
 *
 * <p>The stream thread writes; any thread reads.
 */
final class FigureStore extends WrappedStateStore<KeyValueStore<Bytes, byte[]>, Bytes, byte[]> {
  /** A time that is further ahead of the broker's clock is not counted. */
  static final Duration MAX_AHEAD = Duration.ofDays(1);

  /** So many cells are kept as objects after a flush; more, and all are forgotten. */
  static final int MAX_KEPT = 512;

  /** So many changed cells are written before the commit is due. */
  static final int MAX_CHANGED = 1_024;

  /** So many expired windows of each size are deleted at once. */
  static final int MAX_SWEPT = 1_000;

  private static final int MAX_SUBJECTS = 10_000;
  private static final long NO_TIME = 0;

  private final Retentions retentions;
  private final Late late;
  private final Map<Bytes, Cell> cells = new HashMap<>();
  private final Map<Bytes, Cell> changed = new LinkedHashMap<>();
  private final Map<Subject, byte[]> subjects = new HashMap<>();

  /** The latest append time of all records that were read; what is kept depends on it. */
  private volatile long streamTimeMillis = NO_TIME;

  /** Told of what came too late, or with a time that is too far ahead, for its window. */
  interface Late {
    void late(WindowSize size);

    void ahead();
  }

  FigureStore(KeyValueStore<Bytes, byte[]> inner, Retentions retentions, Late late) {
    super(inner);
    this.retentions = retentions;
    this.late = late;
  }

  /** Reads what a former stay left; to be called once the store is restored. */
  synchronized void open() {
    clearCache();
    streamTimeMillis = ((Tally) held(CellKey.streamTime())).value;
  }

  /** Whether something was read into it. */
  boolean isBegun() {
    return streamTimeMillis != NO_TIME;
  }

  /** A record was appended at that time. */
  synchronized void advance(long appendedAtMillis) {
    if (appendedAtMillis > streamTimeMillis) {
      streamTimeMillis = appendedAtMillis;
      Cell time = held(CellKey.streamTime());
      ((Tally) time).value = appendedAtMillis;
      changed.put(CellKey.streamTime(), time);
    }
  }

  /** Takes {@code before} back and adds {@code after}; what both hold stays as it is. */
  synchronized void replace(List<Contribution> before, List<Contribution> after) {
    if (before.isEmpty() && after.isEmpty()) {
      return;
    }
    var gone = new ArrayList<>(before);
    for (Contribution each : after) {
      if (!gone.remove(each)) {
        add(each, 1);
      }
    }
    for (Contribution each : gone) {
      add(each, -1);
    }
    if (changed.size() > MAX_CHANGED) {
      flushCache();
    }
  }

  /** What is kept of a generation that is over; nothing where nothing was read of it. */
  synchronized JobLife earlier(JobId job, int generation) {
    return ((EarlierLife) held(CellKey.earlier(job, generation))).life;
  }

  synchronized void putEarlier(JobId job, JobLife life) {
    Bytes key = CellKey.earlier(job, life.generation());
    var held = new EarlierLife(life);
    cells.put(key, held);
    changed.put(key, held);
  }

  /** All that is kept of the generations of a job that are over. */
  List<JobLife> allEarlier(JobId job) {
    var lives = new ArrayList<JobLife>();
    scan(
        CellKey.earlier(job, 0),
        CellKey.earlier(job, Integer.MAX_VALUE),
        (_, cell) -> lives.add(((EarlierLife) cell).life));
    return lives;
  }

  synchronized void removeEarlier(JobId job, int generation) {
    putEarlier(job, emptyLife(generation));
  }

  private void add(Contribution each, int times) {
    switch (each) {
      case Contribution.Timed timed -> addTimed(timed, times);
      case Contribution.Failed failed -> addFailed(failed, times);
      case Contribution.InState(var state, var tenant, var model, var kind) ->
          tally(CellKey.state(state, tenant, model, kind), times);
      case Contribution.QueuedSince(long second) -> tally(CellKey.queuedSince(second), times);
      case Contribution.LiesDead dead -> tally(CellKey.dead(dead.group()), times);
    }
  }

  private void addTimed(Contribution.Timed timed, int times) {
    long at = timed.atMillis();
    if (isAhead(at)) {
      if (times > 0) {
        late.ahead();
      }
      return;
    }
    byte[] subject = bytesOf(timed.subject());
    for (WindowSize size : WindowSize.values()) {
      long start = size.startOf(at);
      if (start < firstKept(size)) {
        if (times > 0) {
          late.late(size);
        }
        continue;
      }
      Bytes key = CellKey.window(size, start, subject);
      Cell held = held(key);
      timed.addTo((Figures) held, times);
      changed.put(key, held);
    }
  }

  private void addFailed(Contribution.Failed failed, int times) {
    long hour = WindowSize.HOUR.startOf(failed.atMillis());
    if (isAhead(failed.atMillis()) || hour < firstKept(WindowSize.HOUR)) {
      return;
    }
    Bytes key = CellKey.failures(hour, failed.group());
    Cell held = held(key);
    var seen = (FailureTimes) held;
    seen.count += times;
    if (times > 0) {
      seen.seen(failed.atMillis(), failed.job().toString());
    }
    changed.put(key, held);
  }

  private void tally(Bytes key, int times) {
    Cell held = held(key);
    ((Tally) held).value += times;
    changed.put(key, held);
  }

  private boolean isAhead(long atMillis) {
    return atMillis > streamTimeMillis + MAX_AHEAD.toMillis();
  }

  /** The begin of the earliest window of that size that is kept now. */
  long firstKept(WindowSize size) {
    long kept = streamTimeMillis - retentions.of(size).toMillis() - size.millis();
    return size.startOf(kept) + size.millis();
  }

  private byte[] bytesOf(Subject subject) {
    byte[] known = subjects.get(subject);
    if (known == null) {
      if (subjects.size() >= MAX_SUBJECTS) {
        subjects.clear();
      }
      var out = new Packed.Writer();
      subject.write(out);
      known = out.toBytes();
      subjects.put(subject, known);
    }
    return known;
  }

  private Cell held(Bytes key) {
    Cell held = cells.get(key);
    if (held == null) {
      byte[] stored = wrapped().get(key);
      held = stored == null ? fresh(key) : read(key, stored);
      cells.put(key, held);
    }
    return held;
  }

  private static Cell fresh(Bytes key) {
    return switch (CellKey.kindOf(key)) {
      case CellKey.WINDOW -> new Figures();
      case CellKey.FAILURES -> new FailureTimes();
      case CellKey.EARLIER -> new EarlierLife(emptyLife(CellKey.generationOf(key)));
      default -> new Tally(0);
    };
  }

  private static Cell read(Bytes key, byte[] stored) {
    var in = new Packed.Reader(stored);
    return switch (CellKey.kindOf(key)) {
      case CellKey.WINDOW -> Figures.read(in);
      case CellKey.FAILURES -> FailureTimes.read(in);
      case CellKey.EARLIER -> EarlierLife.read(in);
      default -> Tally.read(in);
    };
  }

  private static JobLife emptyLife(int generation) {
    return new JobLife(generation, null, null, List.of(), null, -1, null);
  }

  private static byte[] bytesOf(Cell cell) {
    var out = new Packed.Writer();
    cell.write(out);
    return out.toBytes();
  }

  /** Writes what changed; called before a commit. */
  @Override
  public synchronized void flushCache() {
    for (Map.Entry<Bytes, Cell> each : changed.entrySet()) {
      Cell cell = each.getValue();
      if (cell.isEmpty()) {
        wrapped().delete(each.getKey());
        cells.remove(each.getKey());
      } else {
        wrapped().put(each.getKey(), bytesOf(cell));
      }
    }
    changed.clear();
    if (cells.size() > MAX_KEPT) {
      cells.clear();
    }
  }

  /** Forgets what was not written; called when the task is given up without a commit. */
  @Override
  public synchronized void clearCache() {
    changed.clear();
    cells.clear();
  }

  /** Deletes some of the windows that are over their time; says how many. */
  synchronized int sweep() {
    int swept = 0;
    for (WindowSize size : WindowSize.values()) {
      swept += sweep(CellKey.windowsFrom(size, 0), CellKey.windowsFrom(size, firstKept(size)));
    }
    return swept + sweep(CellKey.failuresFrom(0), CellKey.failuresFrom(firstKept(WindowSize.HOUR)));
  }

  private int sweep(Bytes from, Bytes before) {
    var due = new ArrayList<Bytes>();
    try (KeyValueIterator<Bytes, byte[]> expired = wrapped().range(from, before)) {
      while (due.size() < MAX_SWEPT && expired.hasNext()) {
        due.add(expired.next().key);
      }
    }
    for (Bytes key : due) {
      wrapped().delete(key);
      cells.remove(key);
      changed.remove(key);
    }
    return due.size();
  }

  /**
   * Tells the windows of one size that begin from {@code fromMillis} to before {@code toMillis} and
   * are kept. The figures are the reader's own, as of one moment each.
   */
  void windows(WindowSize size, long fromMillis, long toMillis, BiConsumer<Place, Figures> reader) {
    long from = Math.max(fromMillis, firstKept(size));
    if (from >= toMillis) {
      return;
    }
    scan(
        CellKey.windowsFrom(size, from),
        CellKey.windowsFrom(size, toMillis),
        (key, cell) ->
            reader.accept(new Place(CellKey.startOf(key), CellKey.subjectOf(key)), (Figures) cell));
  }

  /** Which window of which subject. */
  record Place(long startMillis, Subject subject) {}

  /** Tells how many jobs there are in each state, by tenant, model and kind. */
  void states(StateReader reader) {
    scan(
        CellKey.first(CellKey.STATE),
        CellKey.after(CellKey.STATE),
        (key, cell) -> {
          Packed.Reader in = CellKey.rest(key);
          reader.read(in.text(), in.text(), in.text(), in.text(), ((Tally) cell).value);
        });
  }

  /** Reads a count of jobs. */
  @FunctionalInterface
  interface StateReader {
    void read(String state, String tenant, String model, String kind, long jobs);
  }

  /** Tells the second since the epoch in which the queued job entered that waits longest. */
  void oldestQueued(LongConsumer reader) {
    Map<Bytes, byte @Nullable []> unwritten =
        unwritten(CellKey.first(CellKey.QUEUED), CellKey.after(CellKey.QUEUED));
    Bytes oldest = null;
    for (Map.Entry<Bytes, byte @Nullable []> each : unwritten.entrySet()) {
      if (each.getValue() != null) {
        oldest = each.getKey();
        break;
      }
    }
    try (KeyValueIterator<Bytes, byte[]> stored =
        wrapped().range(CellKey.first(CellKey.QUEUED), CellKey.after(CellKey.QUEUED))) {
      while (stored.hasNext()) {
        Bytes key = stored.next().key;
        if (CellKey.kindOf(key) == CellKey.QUEUED && !unwritten.containsKey(key)) {
          oldest = oldest == null || key.compareTo(oldest) < 0 ? key : oldest;
          break;
        }
      }
    }
    if (oldest != null) {
      reader.accept(CellKey.rest(oldest).sorted());
    }
  }

  /** Tells the groups of failures that were seen in an hour that is kept. */
  void failures(BiConsumer<FailureGroup, FailureTimes> reader) {
    scan(
        CellKey.failuresFrom(firstKept(WindowSize.HOUR)),
        CellKey.after(CellKey.FAILURES),
        (key, cell) -> reader.accept(CellKey.groupOf(key), (FailureTimes) cell));
  }

  /** Tells how many jobs lie among the dead letters, by group of failures. */
  void dead(BiConsumer<FailureGroup, Long> reader) {
    scan(
        CellKey.first(CellKey.DEAD),
        CellKey.after(CellKey.DEAD),
        (key, cell) -> reader.accept(Packed.readGroup(CellKey.rest(key)), ((Tally) cell).value));
  }

  /** Tells what lies from {@code from} to before {@code before}: the store, and what it lacks. */
  private void scan(Bytes from, Bytes before, BiConsumer<Bytes, Cell> reader) {
    Map<Bytes, byte @Nullable []> unwritten = unwritten(from, before);
    try (KeyValueIterator<Bytes, byte[]> stored = wrapped().range(from, before)) {
      while (stored.hasNext()) {
        KeyValue<Bytes, byte[]> each = stored.next();
        if (each.key.compareTo(before) < 0 && !unwritten.containsKey(each.key)) {
          reader.accept(each.key, read(each.key, each.value));
        }
      }
    }
    for (Map.Entry<Bytes, byte @Nullable []> each : unwritten.entrySet()) {
      if (each.getValue() != null) {
        reader.accept(each.getKey(), read(each.getKey(), each.getValue()));
      }
    }
  }

  /** Copies of what changed and is not written, by rising key; null for what is empty by now. */
  private synchronized Map<Bytes, byte @Nullable []> unwritten(Bytes from, Bytes before) {
    var copies = new TreeMap<Bytes, byte @Nullable []>();
    for (Map.Entry<Bytes, Cell> each : changed.entrySet()) {
      Bytes key = each.getKey();
      if (key.compareTo(from) >= 0 && key.compareTo(before) < 0) {
        Cell cell = each.getValue();
        copies.put(key, cell.isEmpty() ? null : bytesOf(cell));
      }
    }
    return copies;
  }
}
