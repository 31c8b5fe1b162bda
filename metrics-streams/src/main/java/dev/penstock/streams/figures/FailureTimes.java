package dev.penstock.streams.figures;

/**
 * When the failures of a group were seen within an hour, and how many. The times and the example
 * only ever widen: taking a failure back, which happens when two records tell one attempt
 * differently, takes the count alone.
 */
final class FailureTimes implements Cell {
  long count;
  long firstMillis;
  long lastMillis;

  /** A job that failed so at {@link #lastMillis}: of several the one with the greatest id. */
  String example;

  FailureTimes() {
    this(0, Long.MAX_VALUE, Long.MIN_VALUE, "");
  }

  private FailureTimes(long count, long firstMillis, long lastMillis, String example) {
    this.count = count;
    this.firstMillis = firstMillis;
    this.lastMillis = lastMillis;
    this.example = example;
  }

  void seen(long atMillis, String job) {
    firstMillis = Math.min(firstMillis, atMillis);
    if (atMillis > lastMillis || (atMillis == lastMillis && job.compareTo(example) > 0)) {
      lastMillis = atMillis;
      example = job;
    }
  }

  void add(FailureTimes other) {
    count += other.count;
    firstMillis = Math.min(firstMillis, other.firstMillis);
    if (other.count != 0) {
      seen(other.lastMillis, other.example);
    }
  }

  @Override
  public boolean isEmpty() {
    return count == 0;
  }

  @Override
  public void write(Packed.Writer out) {
    out.signed(count);
    out.signed(firstMillis);
    out.signed(lastMillis);
    out.text(example);
  }

  static FailureTimes read(Packed.Reader in) {
    return new FailureTimes(in.signed(), in.signed(), in.signed(), in.text());
  }
}
