package dev.penstock.api.schedule;

import java.util.Arrays;

/** What becomes of fire times that are late by more than is allowed. */
enum Misfire {
  SKIP("skip"),
  FIRE_ONCE("fire-once"),
  FIRE_ALL("fire-all");

  private final String wireName;

  Misfire(String wireName) {
    this.wireName = wireName;
  }

  String wireName() {
    return wireName;
  }

  /** The one with this name, which the contract has checked. */
  static Misfire of(String wireName) {
    return Arrays.stream(values())
        .filter(m -> m.wireName.equals(wireName))
        .findFirst()
        .orElseThrow();
  }
}
