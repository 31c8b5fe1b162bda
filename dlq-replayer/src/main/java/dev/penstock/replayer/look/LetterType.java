package dev.penstock.replayer.look;

import java.util.List;
import java.util.Optional;

/** What a record of the dead letters is. The names are those on the wire. */
public enum LetterType {
  /** A job that ended without success. */
  JOB("job"),
  /** A record that no worker could read, as it was. */
  POISON("poison"),
  /** It should be a dead letter, and this program can't read it. */
  UNREADABLE("unreadable");

  private static final List<LetterType> ALL = List.of(values());

  private final String wireName;

  LetterType(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<LetterType> ofWireName(String name) {
    return ALL.stream().filter(each -> each.wireName.equals(name)).findFirst();
  }
}
