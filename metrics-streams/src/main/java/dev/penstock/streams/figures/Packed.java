package dev.penstock.streams.figures;

import dev.penstock.job.FailureGroup;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Small numbers and texts in few bytes, as the stores keep them and instances tell each other:
 * numbers in groups of seven bits, the low ones first.
 */
public final class Packed {
  private Packed() {}

  static void writeNumbers(Writer out, Collection<Integer> numbers) {
    out.number(numbers.size());
    numbers.forEach(out::number);
  }

  static List<Integer> readNumbers(Reader in) {
    int count = in.length();
    var numbers = new ArrayList<Integer>(count);
    for (int i = 0; i < count; i++) {
      numbers.add((int) in.number());
    }
    return numbers;
  }

  static void writeGroup(Writer out, FailureGroup group) {
    out.text(group.code());
    out.text(group.provider());
    out.text(group.model());
    out.text(group.kind());
    out.text(group.message());
  }

  static FailureGroup readGroup(Reader in) {
    return new FailureGroup(in.text(), in.text(), in.text(), in.text(), in.text());
  }

  /** Writes. Not thread-safe. */
  public static final class Writer {
    private static final int MAX_NUMBER_BYTES = 10;

    private byte[] bytes = new byte[64];
    private int size;

    /** A number, of which a negative one takes ten bytes. */
    public void number(long value) {
      room(MAX_NUMBER_BYTES);
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        bytes[size++] = (byte) (rest | 0x80);
        rest >>>= 7;
      }
      bytes[size++] = (byte) rest;
    }

    /** A number that may be a little below zero. */
    public void signed(long value) {
      number((value << 1) ^ (value >> 63));
    }

    /** Eight bytes that sort as the number does, which is not negative. */
    void sorted(long value) {
      room(Long.BYTES);
      for (int shift = 56; shift >= 0; shift -= 8) {
        bytes[size++] = (byte) (value >>> shift);
      }
    }

    void oneByte(int value) {
      room(1);
      bytes[size++] = (byte) value;
    }

    public void text(String value) {
      raw(value.getBytes(StandardCharsets.UTF_8));
    }

    /** Bytes, with their number before them. */
    public void raw(byte[] value) {
      number(value.length);
      all(value);
    }

    /** Bytes alone. */
    void all(byte[] value) {
      room(value.length);
      System.arraycopy(value, 0, bytes, size, value.length);
      size += value.length;
    }

    public byte[] toBytes() {
      return Arrays.copyOf(bytes, size);
    }

    private void room(int more) {
      if (bytes.length - size < more) {
        bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
      }
    }
  }

  /** Reads what a {@link Writer} wrote. Not thread-safe. */
  public static final class Reader {
    private final byte[] bytes;
    private int at;

    public Reader(byte[] bytes) {
      this.bytes = bytes;
    }

    /** Reads from there on. */
    Reader(byte[] bytes, int from) {
      this.bytes = bytes;
      this.at = from;
    }

    /**
     * The next number.
     *
     * @throws IllegalArgumentException when the bytes end before
     */
    public long number() {
      long value = 0;
      for (int shift = 0; shift < Long.SIZE; shift += 7) {
        byte next = oneByte();
        value |= (long) (next & 0x7f) << shift;
        if (next >= 0) {
          return value;
        }
      }
      throw new IllegalArgumentException("a number of more than ten bytes");
    }

    public long signed() {
      long value = number();
      return (value >>> 1) ^ -(value & 1);
    }

    long sorted() {
      long value = 0;
      for (int i = 0; i < Long.BYTES; i++) {
        value = (value << 8) | (oneByte() & 0xff);
      }
      return value;
    }

    byte oneByte() {
      if (at >= bytes.length) {
        throw new IllegalArgumentException("the bytes end at " + at);
      }
      return bytes[at++];
    }

    /** How many of something follow; each takes at least a byte. */
    public int length() {
      long length = number();
      if (length < 0 || length > bytes.length - at) {
        throw new IllegalArgumentException(length + " of something in " + bytes.length + " bytes");
      }
      return (int) length;
    }

    public String text() {
      int length = length();
      at += length;
      return new String(bytes, at - length, length, StandardCharsets.UTF_8);
    }

    public byte[] raw() {
      int length = length();
      at += length;
      return Arrays.copyOfRange(bytes, at - length, at);
    }

    public boolean hasMore() {
      return at < bytes.length;
    }
  }
}
