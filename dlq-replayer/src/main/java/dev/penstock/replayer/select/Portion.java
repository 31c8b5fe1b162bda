package dev.penstock.replayer.select;

/** How many of some: so many, or so many in a hundred. */
sealed interface Portion {
  /**
   * So many.
   *
   * @param count at least 1
   */
  record Count(int count) implements Portion {}

  /**
   * So many in a hundred.
   *
   * @param percent more than 0, at most 100
   */
  record Percent(double percent) implements Portion {}
}
