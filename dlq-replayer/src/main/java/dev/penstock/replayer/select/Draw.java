package dev.penstock.replayer.select;

import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;

/**
 * Puts dead letters into an order by chance, by a seed: the same seed gives the same order, whoever
 * asks, and whatever else there is. Samples and canaries are the first of that order. Pure.
 *
 * @param seed any number
 */
record Draw(long seed) {
  /** More than so many are not put into order: then each is drawn by itself. */
  static final int MAX_ORDERED = 100_000;

  private record Drawn(long place, int partition, long offset) implements Comparable<Drawn> {
    @Override
    public int compareTo(Drawn other) {
      int places = Long.compareUnsigned(place, other.place);
      int partitions = places == 0 ? Integer.compare(partition, other.partition) : places;
      return partitions == 0 ? Long.compare(offset, other.offset) : partitions;
    }
  }

  /** Its place in the order, as an unsigned number; all are as likely. */
  long place(int partition, long offset) {
    return mixed(mixed(seed + 0x9E3779B97F4A7C15L * (partition + 1)) + offset);
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Generators). */
  private static long mixed(long value) {
    long mixed = value + 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  /** Whether a place is among the first so many in a hundred. */
  static boolean isWithin(long place, double percent) {
    // 53 bits are as many as a double tells apart.
    return (place >>> 11) * 0x1.0p-53 * 100 < percent;
  }

  /**
   * The first of these in the order, by partition. Of more than {@link #MAX_ORDERED} about so many.
   *
   * @param all is left as it is
   * @param portion of a percentage, at least one is meant
   */
  Map<Integer, OffsetSet> first(Map<Integer, OffsetSet> all, Portion portion) {
    long total = all.values().stream().mapToLong(OffsetSet::count).sum();
    long wanted =
        switch (portion) {
          case Portion.Count(int count) -> Math.min(count, total);
          case Portion.Percent(double percent) ->
              Math.min(total, (long) Math.ceil(total * percent / 100));
        };
    return wanted <= MAX_ORDERED ? ordered(all, (int) wanted) : each(all, 100.0 * wanted / total);
  }

  private Map<Integer, OffsetSet> ordered(Map<Integer, OffsetSet> all, int wanted) {
    var last = new PriorityQueue<Drawn>((one, other) -> other.compareTo(one));
    all.forEach((partition, offsets) ->
        offsets.forEach(offset -> {
          last.add(new Drawn(place(partition, offset), partition, offset));
          if (last.size() > wanted) {
            last.remove();
          }
        }));
    var first = new TreeMap<Integer, OffsetSet>();
    for (Drawn drawn : last) {
      first.computeIfAbsent(drawn.partition(), _ -> new OffsetSet()).add(drawn.offset());
    }
    return first;
  }

  private Map<Integer, OffsetSet> each(Map<Integer, OffsetSet> all, double percent) {
    var first = new TreeMap<Integer, OffsetSet>();
    all.forEach((partition, offsets) ->
        offsets.forEach(offset -> {
          if (isWithin(place(partition, offset), percent)) {
            first.computeIfAbsent(partition, _ -> new OffsetSet()).add(offset);
          }
        }));
    return first;
  }
}
