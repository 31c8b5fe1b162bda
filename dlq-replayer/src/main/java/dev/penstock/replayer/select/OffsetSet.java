package dev.penstock.replayer.select;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import org.roaringbitmap.longlong.LongIterator;
import org.roaringbitmap.longlong.PeekableLongIterator;
import org.roaringbitmap.longlong.Roaring64Bitmap;

/**
 * A set of offsets of one partition: some bytes a thousand where they lie close together, two bytes
 * each where they do not. Not thread-safe while it is added to.
 */
public final class OffsetSet {
  private final Roaring64Bitmap bits = new Roaring64Bitmap();

  /** The set of these. */
  public static OffsetSet of(long... offsets) {
    var set = new OffsetSet();
    for (long offset : offsets) {
      set.add(offset);
    }
    return set;
  }

  /**
   * The set that {@link #parts} told.
   *
   * @throws IllegalArgumentException when a part is none
   */
  public static OffsetSet ofParts(Iterable<String> parts) {
    var set = new OffsetSet();
    for (String part : parts) {
      var bitmap = new Roaring64Bitmap();
      try {
        bitmap.deserialize(
            new DataInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(part))));
      } catch (IOException | RuntimeException e) {
        throw new IllegalArgumentException("not a part of a set of offsets", e);
      }
      set.bits.or(bitmap);
    }
    return set;
  }

  /** Adds one; it may be in it already. */
  public void add(long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("offsets are not negative");
    }
    bits.addLong(offset);
  }

  public boolean contains(long offset) {
    return bits.contains(offset);
  }

  /** How many there are. */
  public long count() {
    return bits.getLongCardinality();
  }

  /** The smallest one that is not below {@code offset}. */
  public OptionalLong nextFrom(long offset) {
    PeekableLongIterator from = bits.getLongIteratorFrom(offset);
    return from.hasNext() ? OptionalLong.of(from.next()) : OptionalLong.empty();
  }

  /** The smallest offset from {@code offset} on that is not in it. */
  public long nextAbsentFrom(long offset) {
    long absent = offset;
    for (PeekableLongIterator each = bits.getLongIteratorFrom(offset);
        each.hasNext() && each.next() == absent; ) {
      absent++;
    }
    return absent;
  }

  /** Shows each to {@code taker}, the smallest first. */
  public void forEach(LongConsumer taker) {
    bits.forEach(taker::accept);
  }

  /** Those that are not in {@code other}. */
  public OffsetSet without(OffsetSet other) {
    var rest = new OffsetSet();
    rest.bits.or(bits);
    rest.bits.andNot(other.bits);
    return rest;
  }

  /** Whether no offset is in both. */
  public boolean isDisjoint(OffsetSet other) {
    var both = bits.clone();
    both.and(other.bits);
    return both.isEmpty();
  }

  /**
   * The set in texts that together tell it.
   *
   * @param perPart how many offsets one tells at most
   */
  public List<String> parts(int perPart) {
    var parts = new ArrayList<String>();
    var part = new Roaring64Bitmap();
    int size = 0;
    for (LongIterator each = bits.getLongIterator(); each.hasNext(); ) {
      part.addLong(each.next());
      if (++size == perPart || !each.hasNext()) {
        parts.add(text(part));
        part = new Roaring64Bitmap();
        size = 0;
      }
    }
    return parts;
  }

  private static String text(Roaring64Bitmap part) {
    part.runOptimize();
    var bytes = new ByteArrayOutputStream();
    try {
      part.serialize(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  @Override
  public String toString() {
    return bits.toString();
  }
}
