package dev.penstock.streams.figures;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts and durations of what happened. Adding commutes and can be taken back, so a sum is the
 * same in whatever order it was made. Not thread-safe.
 */
public final class Figures implements Cell {
  /** What is counted. The numbers are those of the stored form: none is used again. */
  public enum Count {
    /** Generations of jobs that entered: submitted, or replayed. */
    ACCEPTED(0),
    SUCCEEDED(1),
    DEAD_LETTERED(2),
    CANCELLED(3),
    EXPIRED(4),
    /** Attempts that failed and were followed by another one. */
    RETRIED(5),
    /** Calls to providers, the wasted ones too. */
    CALLS(6),
    /** Calls that were lost with their worker. */
    WASTED(7),
    /** Jobs served with an answer that was kept. */
    CACHED(8),
    INPUT_TOKENS(9),
    OUTPUT_TOKENS(10),
    CACHED_TOKENS(11),
    COST_NANOS(12),
    WASTED_COST_NANOS(13);

    private final int at;

    Count(int at) {
      this.at = at;
    }
  }

  private static final Count[] COUNTS = Count.values();

  private final long[] counts = new long[COUNTS.length];
  private final TreeMap<String, Long> failed = new TreeMap<>();
  private final Sketch queueWait;
  private final Sketch providerLatency;
  private final Sketch totalLatency;

  public Figures() {
    this(new Sketch(), new Sketch(), new Sketch());
  }

  private Figures(Sketch queueWait, Sketch providerLatency, Sketch totalLatency) {
    this.queueWait = queueWait;
    this.providerLatency = providerLatency;
    this.totalLatency = totalLatency;
  }

  public long count(Count what) {
    return counts[what.at];
  }

  /** Failed attempts by code; ends that no attempt led to as well. */
  public Map<String, Long> failed() {
    return failed;
  }

  /** From when a call could have begun to its begin. */
  public Sketch queueWait() {
    return queueWait;
  }

  /** Of calls, failed ones too. */
  public Sketch providerLatency() {
    return providerLatency;
  }

  /** From the entry of a generation to its end. */
  public Sketch totalLatency() {
    return totalLatency;
  }

  /** Generations that ended. */
  public long finished() {
    return count(Count.SUCCEEDED)
        + count(Count.DEAD_LETTERED)
        + count(Count.CANCELLED)
        + count(Count.EXPIRED);
  }

  /** Counts something, or takes it back. */
  public void add(Count what, long times) {
    counts[what.at] += times;
  }

  void addFailed(String code, long times) {
    long now = failed.merge(code, times, Long::sum);
    if (now == 0) {
      failed.remove(code);
    }
  }

  /** Adds all that {@code other} holds. */
  public void add(Figures other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    other.failed.forEach(this::addFailed);
    queueWait.add(other.queueWait);
    providerLatency.add(other.providerLatency);
    totalLatency.add(other.totalLatency);
  }

  @Override
  public boolean isEmpty() {
    for (long count : counts) {
      if (count != 0) {
        return false;
      }
    }
    return failed.isEmpty()
        && queueWait.isEmpty()
        && providerLatency.isEmpty()
        && totalLatency.isEmpty();
  }

  @Override
  public void write(Packed.Writer out) {
    long present = 0;
    for (int i = 0; i < counts.length; i++) {
      present |= counts[i] == 0 ? 0 : 1L << i;
    }
    out.number(present);
    for (long count : counts) {
      if (count != 0) {
        out.signed(count);
      }
    }
    out.number(failed.size());
    failed.forEach((code, times) -> {
      out.text(code);
      out.signed(times);
    });
    queueWait.write(out);
    providerLatency.write(out);
    totalLatency.write(out);
  }

  /** What {@link #write} wrote; counts that this version does not know are refused. */
  public static Figures read(Packed.Reader in) {
    long present = in.number();
    if (present >>> COUNTS.length != 0) {
      throw new IllegalArgumentException("figures of a later version");
    }
    var counts = new long[COUNTS.length];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = (present & (1L << i)) == 0 ? 0 : in.signed();
    }
    var failed = new TreeMap<String, Long>();
    int codes = in.length();
    for (int i = 0; i < codes; i++) {
      failed.put(in.text(), in.signed());
    }
    var figures = new Figures(Sketch.read(in), Sketch.read(in), Sketch.read(in));
    System.arraycopy(counts, 0, figures.counts, 0, counts.length);
    figures.failed.putAll(failed);
    return figures;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Figures figures
        && Arrays.equals(counts, figures.counts)
        && failed.equals(figures.failed)
        && queueWait.equals(figures.queueWait)
        && providerLatency.equals(figures.providerLatency)
        && totalLatency.equals(figures.totalLatency);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    var text = new StringBuilder();
    for (Count each : COUNTS) {
      if (count(each) != 0) {
        text.append(each).append('=').append(count(each)).append(' ');
      }
    }
    return text.append("failed=")
        .append(failed)
        .append(" queueWait=")
        .append(queueWait)
        .append(" providerLatency=")
        .append(providerLatency)
        .append(" totalLatency=")
        .append(totalLatency)
        .toString();
  }
}
