package dev.penstock.http;

import dev.penstock.config.MasterKeys;
import dev.penstock.config.Secret;
import java.util.function.Supplier;

/**
 * Where a key comes from.
 *
 * @param label for messages; does not have the key
 * @param weight its share of the calls
 * @param value the key as it is now
 */
record KeySource(String label, int weight, Supplier<Secret> value) {
  private static final int MAX_CHARS = 10_000;

  /**
   * The key without the white space around it.
   *
   * @throws IllegalArgumentException when it can't be one; the message does not have it
   */
  static Secret checked(String text) {
    String key = text.strip();
    if (key.isEmpty() || key.length() > MAX_CHARS) {
      throw new IllegalArgumentException("a key has 1 to " + MAX_CHARS + " characters");
    }
    if (!key.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new IllegalArgumentException("a key is one word of ASCII characters");
    }
    return new Secret(key);
  }

  /** Opens with whatever master keys there are by now. */
  static Secret opened(String sealed, MasterKeys masters) {
    return checked(masters.open(sealed).reveal());
  }
}
