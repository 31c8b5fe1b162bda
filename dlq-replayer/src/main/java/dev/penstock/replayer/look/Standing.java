package dev.penstock.replayer.look;

import java.util.List;
import java.util.Optional;

/** What became of a dead letter, as the ledger tells. The names are those on the wire. */
public enum Standing {
  /** Nothing; it can be replayed or given up. */
  OPEN("open"),
  REPLAYED("replayed"),
  DISCARDED("discarded"),
  PURGED("purged");

  private static final List<Standing> ALL = List.of(values());

  private final String wireName;

  Standing(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<Standing> ofWireName(String name) {
    return ALL.stream().filter(each -> each.wireName.equals(name)).findFirst();
  }
}
