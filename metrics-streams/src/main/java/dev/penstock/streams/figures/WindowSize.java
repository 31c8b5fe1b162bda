package dev.penstock.streams.figures;

import java.time.Duration;
import java.util.Optional;

/** How long the windows are. The numbers are those of the stored form. */
public enum WindowSize {
  TEN_SECONDS(0, "10s", Duration.ofSeconds(10)),
  MINUTE(1, "1m", Duration.ofMinutes(1)),
  HOUR(2, "1h", Duration.ofHours(1));

  private static final WindowSize[] ALL = values();

  private final int number;
  private final String wireName;
  private final long millis;

  WindowSize(int number, String wireName, Duration length) {
    this.number = number;
    this.wireName = wireName;
    this.millis = length.toMillis();
  }

  /** The name in a request and in metrics. */
  public String wireName() {
    return wireName;
  }

  public long millis() {
    return millis;
  }

  /**
   * The begin of the window that a time lies in, both since the epoch; windows begin at whole ones.
   */
  public long startOf(long atMillis) {
    return Math.floorDiv(atMillis, millis) * millis;
  }

  int number() {
    return number;
  }

  static WindowSize ofNumber(int number) {
    return ALL[number];
  }

  public static Optional<WindowSize> ofWireName(String name) {
    for (WindowSize size : ALL) {
      if (size.wireName.equals(name)) {
        return Optional.of(size);
      }
    }
    return Optional.empty();
  }
}
