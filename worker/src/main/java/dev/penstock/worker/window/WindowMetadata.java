package dev.penstock.worker.window;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import org.apache.kafka.common.Uuid;

/**
 * A window as the metadata of its committed offset: {@code p2.} and, in base64url, the topic's id
 * (16 bytes), the custody (process, 4 bytes; deaths, 1; deaths of the suspect, 1; the suspect as a
 * varint: 0 for none, or its offset from the watermark and one more, doubled, and 1 more while it
 * is on trial), the span that is described (varint, in offsets from the watermark), the form (one
 * byte) and the payload. The span ends at the highest finished offset; within it an offset is
 * finished unless the payload lists it.
 *
 * <p>Two forms, the shorter one is written: a bitmap of the unfinished offsets, and the gaps
 * between them as varints. Finishing an offset makes neither longer: the bitmap's span can only
 * shrink, and two gaps that become one take no more bytes than before. So {@link
 * PartitionWindow#admits} can tell beforehand that the metadata will fit for ever.
 */
public final class WindowMetadata {
  /** The broker's {@code offset.metadata.max.bytes}; it counts characters. */
  static final int MAX_CHARS = 4096;

  private static final String PREFIX = "p2.";
  private static final int TOPIC_ID_BYTES = 16;
  private static final int MAX_CUSTODY_BYTES = 4 + 1 + 1 + 6;
  private static final int MAX_HEAD_BYTES = TOPIC_ID_BYTES + MAX_CUSTODY_BYTES + 5 + 1;

  /** What is left for the payload. */
  static final int MAX_PAYLOAD_BYTES = (MAX_CHARS - PREFIX.length()) / 4 * 3 - MAX_HEAD_BYTES;

  /** The longest span that a bitmap holds. */
  static final long MAX_BITMAP_SPAN = MAX_PAYLOAD_BYTES * 8L;

  private static final byte BITMAP = 0;
  private static final byte GAPS = 1;

  private WindowMetadata() {}

  /** What reading metadata came to. */
  public sealed interface Restored {
    /** The window as it was committed. */
    record Window(PartitionWindow window, Custody custody) implements Restored {}

    /** Nobody knows what is finished; going on could run jobs again. */
    record Unreadable(String reason) implements Restored {}
  }

  /**
   * The metadata for the window's {@link PartitionWindow#watermark}; at most {@link #MAX_CHARS}
   * characters.
   */
  public static String write(Uuid topicId, PartitionWindow window, Custody custody) {
    long watermark = window.watermark();
    long span = window.finishedEnd() - watermark;
    int gapBytes = 0;
    long previous = watermark;
    for (long at = watermark; at < watermark + span; at = window.nextUnfinished(at + 1)) {
      gapBytes += varintBytes(at - previous);
      previous = at;
    }
    long bitmapBytes = (span + 7) / 8;
    boolean bitmap = bitmapBytes <= gapBytes;
    var bytes = new byte[MAX_HEAD_BYTES + (int) (bitmap ? bitmapBytes : gapBytes)];
    var buffer = ByteBuffer.wrap(bytes);
    buffer.putLong(topicId.getMostSignificantBits()).putLong(topicId.getLeastSignificantBits());
    putCustody(buffer, custody, watermark);
    putVarint(buffer, span);
    buffer.put(bitmap ? BITMAP : GAPS);
    int payload = buffer.position();
    previous = watermark;
    for (long at = watermark; at < watermark + span; at = window.nextUnfinished(at + 1)) {
      if (bitmap) {
        int index = payload + (int) ((at - watermark) >>> 3);
        buffer.put(index, (byte) (buffer.get(index) | (1 << ((at - watermark) & 7))));
      } else {
        putVarint(buffer, at - previous);
      }
      previous = at;
    }
    if (bitmap) {
      buffer.position(payload + (int) bitmapBytes);
    }
    String text =
        PREFIX
            + Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(Arrays.copyOf(bytes, buffer.position()));
    if (text.length() > MAX_CHARS) {
      throw new IllegalStateException(
          "the window's metadata has " + text.length() + " characters; it was not to be admitted");
    }
    return text;
  }

  /**
   * The window that {@code metadata} describes.
   *
   * @param watermark the committed offset
   * @param topicId the topic as it is now; another id means that the topic was made anew
   * @param metadata empty where the offset was seeded or set by hand: nothing is finished beyond it
   */
  public static Restored read(long watermark, Uuid topicId, String metadata) {
    if (metadata.isEmpty()) {
      return new Restored.Window(new PartitionWindow(watermark), Custody.FREE);
    }
    if (!metadata.startsWith(PREFIX)) {
      return new Restored.Unreadable("it does not begin with " + PREFIX);
    }
    try {
      var buffer =
          ByteBuffer.wrap(Base64.getUrlDecoder().decode(metadata.substring(PREFIX.length())));
      var written = new Uuid(buffer.getLong(), buffer.getLong());
      if (!written.equals(topicId)) {
        return new Restored.Unreadable(
            "it is of a topic with id "
                + written
                + ", but the topic has id "
                + topicId
                + ": it was made anew");
      }
      Custody custody = custody(buffer, watermark);
      long span = varint(buffer);
      if (span > PartitionWindow.MAX_SPAN) {
        return new Restored.Unreadable("its span is " + span);
      }
      var window = new PartitionWindow(watermark);
      byte form = buffer.get();
      switch (form) {
        case BITMAP -> readBitmap(buffer, window, watermark, span);
        case GAPS -> readGaps(buffer, window, watermark, span);
        default -> {
          return new Restored.Unreadable("it has the unknown form " + form);
        }
      }
      if (buffer.hasRemaining()) {
        return new Restored.Unreadable("it has " + buffer.remaining() + " bytes too many");
      }
      window.passTo(watermark + span);
      return new Restored.Window(window, custody);
    } catch (IllegalArgumentException
        | IllegalStateException
        | java.nio.BufferUnderflowException e) {
      return new Restored.Unreadable("it is damaged: " + e);
    }
  }

  private static void putCustody(ByteBuffer buffer, Custody custody, long watermark) {
    buffer.putInt(custody.process());
    buffer.put((byte) custody.deaths()).put((byte) custody.suspectDeaths());
    // What lies below the watermark is finished, and suspected no more.
    boolean suspected = custody.suspect() >= watermark;
    putVarint(
        buffer,
        suspected ? (custody.suspect() - watermark + 1) * 2 + (custody.onTrial() ? 1 : 0) : 0);
  }

  private static Custody custody(ByteBuffer buffer, long watermark) {
    int process = buffer.getInt();
    int deaths = Byte.toUnsignedInt(buffer.get());
    int suspectDeaths = Byte.toUnsignedInt(buffer.get());
    long suspect = varint(buffer);
    return suspect == 0
        ? new Custody(process, deaths, -1, false, 0)
        : new Custody(
            process, deaths, watermark + suspect / 2 - 1, (suspect & 1) != 0, suspectDeaths);
  }

  private static void readBitmap(
      ByteBuffer buffer, PartitionWindow window, long watermark, long span) {
    for (long at = 0; at < span; at += 8) {
      byte bits = buffer.get();
      for (int i = 0; i < 8; i++) {
        if ((bits & (1 << i)) != 0) {
          window.add(watermark + at + i);
        }
      }
    }
  }

  private static void readGaps(
      ByteBuffer buffer, PartitionWindow window, long watermark, long span) {
    long at = watermark;
    while (buffer.hasRemaining()) {
      at += varint(buffer);
      if (at >= watermark + span) {
        throw new IllegalArgumentException("an offset lies beyond the span");
      }
      window.add(at);
    }
  }

  static int varintBytes(long value) {
    return value == 0 ? 1 : (70 - Long.numberOfLeadingZeros(value)) / 7;
  }

  static void putVarint(ByteBuffer buffer, long value) {
    long rest = value;
    while (rest >= 128) {
      buffer.put((byte) ((rest & 127) | 128));
      rest >>>= 7;
    }
    buffer.put((byte) rest);
  }

  static long varint(ByteBuffer buffer) {
    long value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      byte next = buffer.get();
      value |= (long) (next & 127) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number is too long");
  }
}
