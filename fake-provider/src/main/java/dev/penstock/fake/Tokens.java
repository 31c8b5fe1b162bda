package dev.penstock.fake;

import tools.jackson.databind.JsonNode;

/** Counts tokens by a simple rule: each 4 UTF-16 code units that are begun are one. */
final class Tokens {
  static final int CHARS = 4;

  private Tokens() {}

  static int of(String text) {
    return Math.ceilDiv(text.length(), CHARS);
  }

  /** Of the JSON as it is written without blanks; 0 where there is none. */
  static int of(JsonNode json) {
    return json.isMissingNode() || json.isNull() ? 0 : of(json.toString());
  }
}
