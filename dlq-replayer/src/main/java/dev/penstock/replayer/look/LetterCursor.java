package dev.penstock.replayer.look;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Where a page ended, as text for the one who asks for the next: of each partition the offset below
 * which everything is still to be told. A number takes seven bits of a byte, the low ones first.
 */
final class LetterCursor {
  private static final int MAX_NUMBER_BYTES = 9;

  private LetterCursor() {}

  static String text(List<Long> below) {
    var bytes = ByteBuffer.allocate(MAX_NUMBER_BYTES * below.size());
    for (long rest : below) {
      while (rest > 0x7f) {
        bytes.put((byte) (rest | 0x80));
        rest >>>= 7;
      }
      bytes.put((byte) rest);
    }
    bytes.flip();
    byte[] used = new byte[bytes.remaining()];
    bytes.get(used);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(used);
  }

  /**
   * What {@link #text} told.
   *
   * @throws InvalidQueryException when it is nothing that it told
   */
  static List<Long> parse(String text, int partitions) {
    if (text.length() <= 2 * MAX_NUMBER_BYTES * partitions) {
      try {
        byte[] bytes = Base64.getUrlDecoder().decode(text);
        List<Long> below = numbers(bytes);
        if (below.size() == partitions && text(below).equals(text)) {
          return below;
        }
        // falls through to the one error below
      } catch (IllegalArgumentException _) {
        // falls through to the one error below
      }
    }
    throw new InvalidQueryException("cursor", "must be the next of an answer");
  }

  private static List<Long> numbers(byte[] bytes) {
    var numbers = new ArrayList<Long>();
    long number = 0;
    int shift = 0;
    for (byte each : bytes) {
      number |= (long) (each & 0x7f) << shift;
      shift += 7;
      if (each >= 0) {
        numbers.add(number);
        number = 0;
        shift = 0;
      } else if (shift >= 7 * MAX_NUMBER_BYTES) {
        throw new IllegalArgumentException("a number of more than nine bytes");
      }
    }
    if (shift != 0) {
      throw new IllegalArgumentException("a number without an end");
    }
    return numbers;
  }
}
