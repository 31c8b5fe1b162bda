package dev.penstock.replayer.travel;

import java.util.Comparator;

/**
 * Where a record stands.
 *
 * @param topic its whole name
 */
record Place(String topic, int partition, long offset) implements Comparable<Place> {
  private static final Comparator<Place> ORDER =
      Comparator.comparing(Place::topic)
          .thenComparingInt(Place::partition)
          .thenComparingLong(Place::offset);

  @Override
  public int compareTo(Place other) {
    return ORDER.compare(this, other);
  }
}
