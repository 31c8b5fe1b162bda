package dev.penstock.streams.search;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.document.LongField;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.SortedNumericSelector;

/**
 * In which order jobs are listed: by a number, those without it last, then by id. So the order is
 * total, and the same on every instance.
 *
 * @param descending greater ones first; the only way of what not every job has
 */
record Order(SortKey key, boolean descending) {
  static final Order NEWEST = new Order(SortKey.ACCEPTED_AT, true);

  private static final List<Order> ALL =
      List.of(
          NEWEST,
          new Order(SortKey.ACCEPTED_AT, false),
          new Order(SortKey.FINISHED_AT, true),
          new Order(SortKey.COST, true),
          new Order(SortKey.DURATION, true));

  /** The order of this name. */
  static Optional<Order> parse(String text) {
    return ALL.stream().filter(order -> order.wireName().equals(text)).findFirst();
  }

  static String names() {
    return String.join(", ", ALL.stream().map(Order::wireName).toList());
  }

  String wireName() {
    return (descending ? "-" : "") + key.wireName();
  }

  Sort sort() {
    SortField number =
        LongField.newSortField(key.field(), descending, SortedNumericSelector.Type.MIN);
    number.setMissingValue(missing());
    return new Sort(
        number,
        new SortField(JobDocument.ID_HIGH, SortField.Type.LONG, descending),
        new SortField(JobDocument.ID_LOW, SortField.Type.LONG, descending));
  }

  /** What stands for a number that a job has not: behind all that there are. */
  long missing() {
    return descending ? Long.MIN_VALUE : Long.MAX_VALUE;
  }

  /** The same order over what instances found. */
  Comparator<Place> comparator() {
    Comparator<Place> rising = Comparator.comparingLong(Place::value).thenComparing(Place::id);
    return descending ? rising.reversed() : rising;
  }
}
