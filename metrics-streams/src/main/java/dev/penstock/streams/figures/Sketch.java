package dev.penstock.streams.figures;

import java.util.Arrays;

/**
 * How durations are distributed, to a relative error of {@link #RELATIVE_ERROR}: a DDSketch
 * (Masson, Rim, Lee: "DDSketch: A fast and fully-mergeable quantile sketch with relative-error
 * guarantees", VLDB 2019) whose buckets are found with integers alone. Each power of two is cut
 * into 64 buckets of equal width, so values below 128 are exact, and every machine finds the same
 * bucket.
 *
 * <p>A sketch is a count for each bucket, so adding commutes, merging is adding, and what was added
 * can be taken back: the same set of values gives the same sketch in whatever order. A count that
 * is zero is not kept. Not thread-safe.
 */
public final class Sketch {
  /** How far a quantile may be from the value that it stands for, as a part of that value. */
  public static final double RELATIVE_ERROR = 1 / 128.0;

  /** The largest value that is told apart, in microseconds: 142 years. */
  static final long MAX_MICROS = (1L << 52) - 1;

  private static final int SUB_BITS = 6;
  private static final int FIRST_SIZE = 8;

  private int[] buckets = new int[0];
  private long[] counts = new long[0];
  private int size;
  private long count;
  private long sumMicros;

  /**
   * Adds a duration, or takes it back.
   *
   * @param micros of which what is below 0 counts as 0 and what is above {@link #MAX_MICROS} as
   *     that
   * @param times how often; negative to take back
   */
  public void add(long micros, long times) {
    long value = Math.clamp(micros, 0, MAX_MICROS);
    addTo(bucket(value), times);
    sumMicros += value * times;
  }

  /** Adds all that {@code other} holds. */
  public void add(Sketch other) {
    for (int i = 0; i < other.size; i++) {
      addTo(other.buckets[i], other.counts[i]);
    }
    sumMicros += other.sumMicros;
  }

  /** How many values. */
  public long count() {
    return count;
  }

  /** Their sum, which is exact. */
  public long sumMicros() {
    return sumMicros;
  }

  /** Whether nothing is left. */
  boolean isEmpty() {
    return size == 0 && sumMicros == 0;
  }

  /**
   * The value below which that part of the values lies.
   *
   * @param part more than 0 and at most 1
   * @return in microseconds; 0 where there are no values
   */
  public long quantileMicros(double part) {
    long rank = Math.max(1, (long) Math.ceil(part * count));
    long seen = 0;
    for (int i = 0; i < size; i++) {
      seen += counts[i];
      if (seen >= rank) {
        return middle(buckets[i]);
      }
    }
    return 0;
  }

  static int bucket(long value) {
    int shift = Math.max(0, 63 - Long.numberOfLeadingZeros(value) - SUB_BITS);
    return (shift << SUB_BITS) + (int) (value >>> shift);
  }

  /** The middle of the values of a bucket. */
  static long middle(int bucket) {
    if (bucket < 2 << SUB_BITS) {
      return bucket;
    }
    int shift = (bucket >>> SUB_BITS) - 1;
    long low = (long) (bucket - (shift << SUB_BITS)) << shift;
    return low + ((1L << shift) >>> 1);
  }

  private void addTo(int bucket, long times) {
    if (times == 0) {
      return;
    }
    count += times;
    int at = Arrays.binarySearch(buckets, 0, size, bucket);
    if (at >= 0) {
      counts[at] += times;
      if (counts[at] == 0) {
        size--;
        System.arraycopy(buckets, at + 1, buckets, at, size - at);
        System.arraycopy(counts, at + 1, counts, at, size - at);
      }
      return;
    }
    int place = -at - 1;
    if (size == buckets.length) {
      int larger = Math.max(FIRST_SIZE, size + size / 2);
      buckets = Arrays.copyOf(buckets, larger);
      counts = Arrays.copyOf(counts, larger);
    }
    System.arraycopy(buckets, place, buckets, place + 1, size - place);
    System.arraycopy(counts, place, counts, place + 1, size - place);
    buckets[place] = bucket;
    counts[place] = times;
    size++;
  }

  void write(Packed.Writer out) {
    out.signed(sumMicros);
    out.number(size);
    int last = 0;
    for (int i = 0; i < size; i++) {
      out.number(buckets[i] - last);
      out.signed(counts[i]);
      last = buckets[i];
    }
  }

  static Sketch read(Packed.Reader in) {
    var sketch = new Sketch();
    sketch.sumMicros = in.signed();
    int size = in.length();
    sketch.buckets = new int[size];
    sketch.counts = new long[size];
    sketch.size = size;
    int last = 0;
    for (int i = 0; i < size; i++) {
      last += (int) in.number();
      sketch.buckets[i] = last;
      sketch.counts[i] = in.signed();
      sketch.count += sketch.counts[i];
    }
    return sketch;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Sketch sketch
        && size == sketch.size
        && sumMicros == sketch.sumMicros
        && Arrays.equals(buckets, 0, size, sketch.buckets, 0, size)
        && Arrays.equals(counts, 0, size, sketch.counts, 0, size);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(sumMicros);
  }

  @Override
  public String toString() {
    return "Sketch[count=" + count + ", sumMicros=" + sumMicros + "]";
  }
}
