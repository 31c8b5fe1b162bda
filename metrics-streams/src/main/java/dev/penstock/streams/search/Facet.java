package dev.penstock.streams.search;

import java.util.Locale;
import java.util.Optional;

/** What jobs are filtered and counted by. The names are those on the wire. */
enum Facet {
  STATE,
  KIND,
  TENANT,
  MODEL,
  PROVIDER,
  CODE,
  LABEL,
  PRIORITY;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  String wireName() {
    return wireName;
  }

  /** The field in the index. */
  String field() {
    return wireName;
  }

  static Optional<Facet> ofWireName(String name) {
    for (Facet facet : values()) {
      if (facet.wireName.equals(name)) {
        return Optional.of(facet);
      }
    }
    return Optional.empty();
  }
}
