package dev.penstock.streams.view;

/**
 * Where a record stands, beside its partition, which is that of its job.
 *
 * @param input the topic
 * @param offset in it
 */
public record Origin(Input input, long offset) implements Comparable<Origin> {
  @Override
  public int compareTo(Origin other) {
    int byInput = input.compareTo(other.input);
    return byInput != 0 ? byInput : Long.compare(offset, other.offset);
  }
}
