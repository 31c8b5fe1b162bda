package dev.penstock.fake;

import java.util.ArrayList;
import java.util.List;

/** The pieces in which a text is streamed: four tokens each. */
final class Pieces {
  private static final int CHARS = 4 * Tokens.CHARS;

  private Pieces() {}

  static List<String> of(String text) {
    var pieces = new ArrayList<String>();
    int from = 0;
    while (from < text.length()) {
      int to = Math.min(text.length(), from + CHARS);
      if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
        to++; // never half of a character
      }
      pieces.add(text.substring(from, to));
      from = to;
    }
    return pieces;
  }
}
