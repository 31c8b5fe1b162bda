package dev.penstock.codec;

/**
 * What reading some bytes came to: a value, or the reason why they are refused. Reading never
 * throws.
 */
public sealed interface Decoded<T> {

  record Value<T>(T value) implements Decoded<T> {}

  /** {@code reason} says what was wrong and where; it quotes no content. */
  record Refused<T>(String reason) implements Decoded<T> {}
}
