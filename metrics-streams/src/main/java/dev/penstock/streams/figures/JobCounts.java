package dev.penstock.streams.figures;

import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** How many jobs there are now, of some partitions. Not thread-safe. */
public final class JobCounts {
  /** No queued job. */
  public static final long NONE = Long.MAX_VALUE;

  private final TreeSet<Integer> partitions = new TreeSet<>();
  private final TreeMap<Place, Long> jobs = new TreeMap<>();
  private long oldestQueuedSecond = NONE;

  /** Which jobs. */
  public record Place(String state, String tenant, String model, String kind)
      implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int order = state.compareTo(other.state);
      order = order != 0 ? order : tenant.compareTo(other.tenant);
      order = order != 0 ? order : model.compareTo(other.model);
      return order != 0 ? order : kind.compareTo(other.kind);
    }
  }

  /** Whose jobs these are. */
  public Set<Integer> partitions() {
    return partitions;
  }

  public NavigableMap<Place, Long> jobs() {
    return jobs;
  }

  /**
   * The second since the epoch in which the job entered that is queued longest, or {@link #NONE}.
   */
  public long oldestQueuedSecond() {
    return oldestQueuedSecond;
  }

  void add(int partition, FigureStore store) {
    store.states((state, tenant, model, kind, count) ->
        jobs.merge(new Place(state, tenant, model, kind), count, Long::sum));
    store.oldestQueued(second -> oldestQueuedSecond = Math.min(oldestQueuedSecond, second));
    partitions.add(partition);
  }

  /** Adds the jobs of other partitions. */
  public void add(JobCounts other) {
    partitions.addAll(other.partitions);
    other.jobs.forEach((place, count) -> jobs.merge(place, count, Long::sum));
    oldestQueuedSecond = Math.min(oldestQueuedSecond, other.oldestQueuedSecond);
  }

  /** As instances tell each other. */
  public byte[] toBytes() {
    var out = new Packed.Writer();
    Packed.writeNumbers(out, partitions);
    out.number(jobs.size());
    jobs.forEach((place, count) -> {
      out.text(place.state);
      out.text(place.tenant);
      out.text(place.model);
      out.text(place.kind);
      out.signed(count);
    });
    out.number(oldestQueuedSecond);
    return out.toBytes();
  }

  /** What {@link #toBytes} wrote. */
  public static JobCounts read(byte[] bytes) {
    var in = new Packed.Reader(bytes);
    var counts = new JobCounts();
    counts.partitions.addAll(Packed.readNumbers(in));
    int places = in.length();
    for (int i = 0; i < places; i++) {
      counts.jobs.put(new Place(in.text(), in.text(), in.text(), in.text()), in.signed());
    }
    counts.oldestQueuedSecond = in.number();
    return counts;
  }
}
