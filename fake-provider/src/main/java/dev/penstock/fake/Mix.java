package dev.penstock.fake;

import java.nio.charset.StandardCharsets;

/** Numbers that look random and follow from what they are made of: SplitMix64, FNV-1a. */
final class Mix {
  private Mix() {}

  /** Mixes numbers into one; their order matters. */
  static long of(long... numbers) {
    long mixed = 0x9E3779B97F4A7C15L;
    for (long number : numbers) {
      mixed = scramble(mixed ^ number);
    }
    return mixed;
  }

  /** A number out of a text. */
  static long of(String text) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return scramble(hash);
  }

  /** From 0 to below 1. */
  static double share(long mixed) {
    return (mixed >>> 11) * 0x1.0p-53;
  }

  /** Of the standard normal distribution, by Box and Muller. */
  static double gaussian(long mixed) {
    double u = 1 - share(mixed);
    double v = share(scramble(mixed));
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** Letters and digits. */
  static String id(long mixed, int chars) {
    String alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    var id = new StringBuilder(chars);
    long state = mixed;
    for (int i = 0; i < chars; i++) {
      state = scramble(state);
      id.append(alphabet.charAt((int) Long.remainderUnsigned(state, alphabet.length())));
    }
    return id.toString();
  }

  private static long scramble(long number) {
    long z = number + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
