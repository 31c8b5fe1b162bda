package dev.penstock.codec;

/**
 * JSON that is well-formed and makes no value of the wanted type. The message says what is wrong
 * and where, and quotes no content. Never leaves this package; no stack trace, for nobody looks at
 * it.
 */
final class Misfit extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Misfit(String message) {
    super(message, null, false, false);
  }
}
