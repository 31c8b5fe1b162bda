package dev.penstock.codec;

import tools.jackson.core.JsonGenerator;

/**
 * How the values of one type stand in JSON, always as an object. This is said once for each type:
 * the records on topics and, through {@link DomainModule}, whatever else holds such values.
 */
abstract class Shape<T> {
  /**
   * Reads the fields of an object, up to its end, in any order; those that it does not know are
   * skipped.
   *
   * @throws Misfit when they make no value
   * @throws IllegalArgumentException when a rule of the type does not hold; its message says which
   */
  abstract T readFields(Fields in);

  /** Writes the fields of the object; those that are null are left out. */
  abstract void writeFields(T value, JsonGenerator out);

  final void write(T value, JsonGenerator out) {
    out.writeStartObject();
    writeFields(value, out);
    out.writeEndObject();
  }

  final void writeArray(Iterable<? extends T> values, JsonGenerator out) {
    out.writeStartArray();
    for (T value : values) {
      write(value, out);
    }
    out.writeEndArray();
  }

  /**
   * Text that others made, with U+FFFD in place of half surrogate pairs: those have no UTF-8, and
   * whoever made them must not keep a record from being written.
   */
  static String wellFormed(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char unit = text.charAt(i);
      if (Character.isSurrogate(unit)) {
        boolean pair =
            Character.isHighSurrogate(unit)
                && i + 1 < length
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          return replaced(text);
        }
        i++;
      }
    }
    return text;
  }

  private static String replaced(String text) {
    var whole = new StringBuilder(text.length());
    text.codePoints()
        .forEach(point ->
            whole.appendCodePoint(
                point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE
                    ? 0xFFFD
                    : point));
    return whole.toString();
  }
}
