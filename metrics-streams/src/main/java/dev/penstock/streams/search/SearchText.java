package dev.penstock.streams.search;

import java.util.Locale;

/** Which texts of a job may be searched, and so are kept in the index. */
public enum SearchText {
  ALL(true, true),
  INPUT(true, false),
  OUTPUT(false, true),
  NONE(false, false);

  private final boolean input;
  private final boolean output;

  SearchText(boolean input, boolean output) {
    this.input = input;
    this.output = output;
  }

  /** Whether inputs are indexed, and shown as excerpts. */
  boolean input() {
    return input;
  }

  /** Whether outputs are indexed. */
  boolean output() {
    return output;
  }

  /** The name in settings. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
