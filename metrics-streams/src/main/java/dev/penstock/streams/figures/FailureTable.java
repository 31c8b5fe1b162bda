package dev.penstock.streams.figures;

import dev.penstock.job.FailureGroup;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Groups of failures, of some partitions. Not thread-safe. */
public final class FailureTable {
  /** So many groups are told apart; more are told by code, provider, model and kind alone. */
  static final int MAX_GROUPS = 20_000;

  private static final String OTHERS = "(other messages)";

  private final TreeSet<Integer> partitions = new TreeSet<>();
  private final Map<FailureGroup, Row> rows = new HashMap<>();

  /** What is known of a group. */
  public static final class Row {
    private final FailureTimes times = new FailureTimes();
    private long jobs;

    /** How many failures were seen in the hours that are kept. */
    public long count() {
      return times.count;
    }

    /** How many jobs lie among the dead letters for it now. */
    public long jobs() {
      return jobs;
    }

    /** Whether a failure was seen in the hours that are kept. */
    public boolean isSeen() {
      return !times.isEmpty();
    }

    /** Since the epoch. */
    public long firstMillis() {
      return times.firstMillis;
    }

    /** Since the epoch. */
    public long lastMillis() {
      return times.lastMillis;
    }

    /** The id of a job that failed so last. */
    public String example() {
      return times.example;
    }
  }

  /** Whose failures these are. */
  public Set<Integer> partitions() {
    return partitions;
  }

  public Map<FailureGroup, Row> rows() {
    return rows;
  }

  void add(int partition, FigureStore store) {
    store.failures((group, times) -> row(group).times.add(times));
    store.dead((group, jobs) -> row(group).jobs += jobs);
    partitions.add(partition);
  }

  /** Adds the failures of other partitions. */
  public void add(FailureTable other) {
    partitions.addAll(other.partitions);
    other.rows.forEach((group, theirs) -> {
      Row row = row(group);
      row.times.add(theirs.times);
      row.jobs += theirs.jobs;
    });
  }

  private Row row(FailureGroup group) {
    Row known = rows.get(group);
    if (known != null) {
      return known;
    }
    return rows.computeIfAbsent(
        rows.size() < MAX_GROUPS ? group : group.withMessage(OTHERS), _ -> new Row());
  }

  /** As instances tell each other. */
  public byte[] toBytes() {
    var out = new Packed.Writer();
    Packed.writeNumbers(out, partitions);
    out.number(rows.size());
    rows.forEach((group, row) -> {
      Packed.writeGroup(out, group);
      row.times.write(out);
      out.signed(row.jobs);
    });
    return out.toBytes();
  }

  /** What {@link #toBytes} wrote. */
  public static FailureTable read(byte[] bytes) {
    var in = new Packed.Reader(bytes);
    var table = new FailureTable();
    table.partitions.addAll(Packed.readNumbers(in));
    int groups = in.length();
    for (int i = 0; i < groups; i++) {
      Row row = table.row(Packed.readGroup(in));
      row.times.add(FailureTimes.read(in));
      row.jobs += in.signed();
    }
    return table;
  }
}
