package dev.penstock.streams.topology;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.JobLife;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.jspecify.annotations.Nullable;

/**
 * The lives of one partition. What changes between two commits is kept as objects and written to
 * the store below, and so to disk and its changelog, once: in {@link #flushCache}, which Kafka
 * Streams calls before it commits, inside the transaction that holds the offsets. So a job of which
 * several records come within one commit interval is encoded once, and what is read of a job soon
 * after another record of it needs no decoding. What a crash takes from memory is read again.
 *
 * <p>The stream thread writes; any thread reads, and what was put is read at once.
 */
final class LifeStore extends WrappedStateStore<KeyValueStore<JobId, JobLife>, JobId, JobLife>
    implements KeyValueStore<JobId, JobLife> {
  /**
   * So much, in lives and their attempts, is kept before the commit is due; and once more of what
   * was written last.
   */
  static final int MAX_WEIGHT = 4_096;

  private volatile Map<JobId, Held> changed = new ConcurrentHashMap<>();

  /** What was written last, for those who read it; the store below has it too. */
  private volatile Map<JobId, Held> written = Map.of();

  private int weight;

  /** A life that was put, or none where it was deleted. */
  private record Held(@Nullable JobLife life) {
    int weight() {
      if (life == null) {
        return 1;
      }
      JobLife.End end = life.end();
      return 1 + life.attempts().size() + (end == null ? 0 : end.attempts().size());
    }
  }

  LifeStore(KeyValueStore<JobId, JobLife> below) {
    super(below);
  }

  /** A task that is revived after a dirty close begins with the same object. */
  @Override
  public void init(StateStoreContext context, StateStore root) {
    clearCache();
    super.init(context, root);
  }

  @Override
  public @Nullable JobLife get(JobId id) {
    // In this order: what is flushed meanwhile is found in the one or the other.
    Held held = changed.get(id);
    if (held == null) {
      held = written.get(id);
    }
    return held == null ? wrapped().get(id) : held.life;
  }

  @Override
  public void put(JobId id, @Nullable JobLife life) {
    var held = new Held(life);
    changed.put(id, held);
    weight += held.weight();
    if (weight > MAX_WEIGHT) {
      flushCache();
    }
  }

  @Override
  public @Nullable JobLife putIfAbsent(JobId id, JobLife life) {
    JobLife known = get(id);
    if (known == null) {
      put(id, life);
    }
    return known;
  }

  @Override
  public void putAll(List<KeyValue<JobId, JobLife>> lives) {
    lives.forEach(each -> put(each.key, each.value));
  }

  @Override
  public @Nullable JobLife delete(JobId id) {
    JobLife known = get(id);
    put(id, null);
    return known;
  }

  /** Writes what changed; called before a commit. */
  @Override
  @SuppressWarnings("NullAway") // a null value is a tombstone
  public void flushCache() {
    Map<JobId, Held> flushed = changed;
    flushed.forEach((id, held) -> wrapped().put(id, held.life));
    written = flushed;
    changed = new ConcurrentHashMap<>();
    weight = 0;
  }

  /** Forgets what was not written; called when the task is given up without a commit. */
  @Override
  public void clearCache() {
    changed = new ConcurrentHashMap<>();
    written = Map.of();
    weight = 0;
  }

  /** By rising id. */
  @Override
  public KeyValueIterator<JobId, JobLife> range(JobId from, JobId to) {
    var unwritten = new TreeMap<>(changed);
    return new Merged(
        from.compareTo(to) > 0 ? new TreeMap<>() : unwritten.subMap(from, true, to, true),
        wrapped().range(from, to));
  }

  /** By rising id. */
  @Override
  public KeyValueIterator<JobId, JobLife> all() {
    return new Merged(new TreeMap<>(changed), wrapped().all());
  }

  /** How many are written. */
  @Override
  public long approximateNumEntries() {
    return wrapped().approximateNumEntries();
  }

  /** What is written and what is not yet, by rising id; of a job that is both, what is not yet. */
  private static final class Merged implements KeyValueIterator<JobId, JobLife> {
    private final NavigableMap<JobId, Held> unwritten;
    private final KeyValueIterator<JobId, JobLife> stored;
    private @Nullable KeyValue<JobId, JobLife> next;

    Merged(NavigableMap<JobId, Held> unwritten, KeyValueIterator<JobId, JobLife> stored) {
      this.unwritten = unwritten;
      this.stored = stored;
      advance();
    }

    private void advance() {
      next = null;
      while (next == null && (stored.hasNext() || !unwritten.isEmpty())) {
        JobId below = stored.hasNext() ? stored.peekNextKey() : null;
        JobId above = unwritten.isEmpty() ? null : unwritten.firstKey();
        if (above == null || (below != null && below.compareTo(above) < 0)) {
          next = stored.next();
          continue;
        }
        if (above.equals(below)) {
          stored.next();
        }
        JobLife life = unwritten.pollFirstEntry().getValue().life;
        next = life == null ? null : KeyValue.pair(above, life);
      }
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public KeyValue<JobId, JobLife> next() {
      KeyValue<JobId, JobLife> told = next;
      if (told == null) {
        throw new NoSuchElementException();
      }
      advance();
      return told;
    }

    @Override
    public JobId peekNextKey() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      return next.key;
    }

    @Override
    public void close() {
      stored.close();
    }
  }
}
