package dev.penstock.api.schedule;

import java.util.Arrays;

/** What happens when the former firing's job has not ended. */
enum Overlap {
  ALLOW("allow"),
  SKIP("skip"),
  CANCEL_PREVIOUS("cancel-previous");

  private final String wireName;

  Overlap(String wireName) {
    this.wireName = wireName;
  }

  String wireName() {
    return wireName;
  }

  /** The one with this name, which the contract has checked. */
  static Overlap of(String wireName) {
    return Arrays.stream(values())
        .filter(o -> o.wireName.equals(wireName))
        .findFirst()
        .orElseThrow();
  }
}
