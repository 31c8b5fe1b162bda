package dev.penstock.job;

import java.util.List;
import java.util.Optional;

/**
 * How urgent a job is beside others, highest first. The names are those on the wire. Each has a
 * lane of its own: the topics that it stands on, and its share of a worker's slots.
 */
public enum Priority {
  HIGH("high"),
  NORMAL("normal"),
  LOW("low");

  private static final List<Priority> ALL = List.of(values());

  private final String wireName;

  Priority(String wireName) {
    this.wireName = wireName;
  }

  /** All of them, highest first. */
  public static List<Priority> all() {
    return ALL;
  }

  /** The name in JSON, in metrics and on the command line. */
  public String wireName() {
    return wireName;
  }

  public static Optional<Priority> ofWireName(String name) {
    for (Priority priority : ALL) {
      if (priority.wireName.equals(name)) {
        return Optional.of(priority);
      }
    }
    return Optional.empty();
  }
}
