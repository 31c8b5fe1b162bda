package dev.penstock.streams.search;

/** The numbers that jobs are put in order by; the names are those on the wire. */
enum SortKey {
  ACCEPTED_AT("acceptedAt"),
  FINISHED_AT("finishedAt"),
  COST("costNanos"),
  DURATION("durationMillis");

  private final String wireName;

  SortKey(String wireName) {
    this.wireName = wireName;
  }

  String wireName() {
    return wireName;
  }

  /** The field in the index. */
  String field() {
    return wireName;
  }
}
