package dev.penstock.worker.window;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;

/**
 * Which records of a partition of a hold have moved on beyond the committed offset, and how that
 * stands in that offset's metadata. Nothing of it stands there as the topic's id alone; else it is
 * {@code h1.} and, in base64url, the topic's id (16 bytes) and for each run of offsets how far it
 * is from the end of the one before (the first: from the committed offset) and how long it is, both
 * as varints.
 *
 * <p>{@link #add} refuses what would make the metadata too long. When the committed offset
 * advances, the metadata gets no longer: what fits once, fits until it is below that offset.
 *
 * <p>Not thread-safe.
 */
public final class MovedOffsets {
  /** The broker's {@code offset.metadata.max.bytes}; it counts characters. */
  public static final int MAX_CHARS = WindowMetadata.MAX_CHARS;

  private static final String PREFIX = "h1.";
  private static final int TOPIC_ID_BYTES = 16;

  private final int maxBytes;

  /** The first offset of each run, and the one behind its last. */
  private final TreeMap<Long, Long> runs = new TreeMap<>();

  private long watermark;
  private int bytes;
  private long count;

  /**
   * Nothing has moved beyond {@code watermark}.
   *
   * @param maxChars how long the metadata may get, at most {@link #MAX_CHARS}
   */
  public MovedOffsets(long watermark, int maxChars) {
    if (maxChars > MAX_CHARS || maxBytes(maxChars) < 0) {
      throw new IllegalArgumentException("metadata can't have " + maxChars + " characters");
    }
    this.watermark = watermark;
    this.maxBytes = maxBytes(maxChars);
  }

  private MovedOffsets(MovedOffsets other) {
    this.maxBytes = other.maxBytes;
    this.runs.putAll(other.runs);
    this.watermark = other.watermark;
    this.bytes = other.bytes;
    this.count = other.count;
  }

  private static int maxBytes(int maxChars) {
    return (maxChars - PREFIX.length()) / 4 * 3 - TOPIC_ID_BYTES;
  }

  /** What reading metadata came to. */
  public sealed interface Restored {
    /** What has moved, as it was committed. */
    record Moved(MovedOffsets offsets) implements Restored {}

    /** Nobody knows what has moved; going on could run jobs twice. */
    record Unreadable(String reason) implements Restored {}
  }

  /** The same offsets, to be changed apart from these. */
  public MovedOffsets copy() {
    return new MovedOffsets(this);
  }

  /** Whether the record at {@code offset}, at or beyond the committed offset, has moved on. */
  public boolean contains(long offset) {
    Map.Entry<Long, Long> run = runs.floorEntry(offset);
    return run != null && offset < run.getValue();
  }

  /** How many they are. */
  public long count() {
    return count;
  }

  /**
   * Takes an offset in that is not in yet and not below the committed one.
   *
   * @return whether there is room for it; else nothing has changed
   */
  public boolean add(long offset) {
    if (offset < watermark || contains(offset)) {
      throw new IllegalStateException("offset " + offset + " has moved already");
    }
    Map.Entry<Long, Long> before = runs.lowerEntry(offset);
    Map.Entry<Long, Long> after = runs.higherEntry(offset);
    boolean joinsBefore = before != null && before.getValue() == offset;
    boolean joinsAfter = after != null && after.getKey() == offset + 1;
    int were =
        (joinsBefore ? bytesOf(before.getKey(), before.getValue()) : 0)
            + (after == null ? 0 : bytesOf(after.getKey(), after.getValue()));
    long first = joinsBefore ? before.getKey() : offset;
    long end = joinsAfter ? after.getValue() : offset + 1;
    if (joinsAfter) {
      runs.remove(offset + 1);
    }
    runs.put(first, end);
    int are =
        bytesOf(first, end)
            + (after == null || joinsAfter ? 0 : bytesOf(after.getKey(), after.getValue()));
    if (bytes - were + are > maxBytes) {
      if (joinsBefore) {
        runs.put(first, offset);
      } else {
        runs.remove(first);
      }
      if (joinsAfter) {
        runs.put(offset + 1, end);
      }
      return false;
    }
    bytes += are - were;
    count++;
    return true;
  }

  /** The committed offset is {@code offset} from now on: what lies below has moved anyway. */
  public void advanceTo(long offset) {
    if (offset < watermark) {
      throw new IllegalStateException("what is committed never goes back");
    }
    watermark = offset;
    Map.Entry<Long, Long> cut = runs.lowerEntry(offset);
    runs.headMap(offset).clear();
    if (cut != null && cut.getValue() > offset) {
      runs.put(offset, cut.getValue());
    }
    bytes = 0;
    count = 0;
    runs.forEach((first, end) -> {
      bytes += bytesOf(first, end);
      count += end - first;
    });
  }

  /** How many bytes a run takes behind the one before it. */
  private int bytesOf(long first, long end) {
    Map.Entry<Long, Long> before = runs.lowerEntry(first);
    long from = before == null ? watermark : before.getValue();
    return WindowMetadata.varintBytes(first - from) + WindowMetadata.varintBytes(end - first);
  }

  /** The metadata of the committed offset. */
  public String write(Uuid topicId) {
    if (runs.isEmpty()) {
      return topicId.toString();
    }
    var buffer = ByteBuffer.wrap(new byte[TOPIC_ID_BYTES + bytes]);
    buffer.putLong(topicId.getMostSignificantBits()).putLong(topicId.getLeastSignificantBits());
    long from = watermark;
    for (Map.Entry<Long, Long> run : runs.entrySet()) {
      WindowMetadata.putVarint(buffer, run.getKey() - from);
      WindowMetadata.putVarint(buffer, run.getValue() - run.getKey());
      from = run.getValue();
    }
    return PREFIX
        + Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(Arrays.copyOf(buffer.array(), buffer.position()));
  }

  /**
   * What {@code metadata} says.
   *
   * @param watermark the committed offset
   * @param topicId the topic as it is now; another id means that the topic was made anew
   * @param metadata empty where the offset was seeded or set by hand: nothing has moved beyond it
   * @param maxChars how long the metadata may get from now on; what is there already may be longer
   */
  public static Restored read(long watermark, Uuid topicId, String metadata, int maxChars) {
    var moved = new MovedOffsets(watermark, maxChars);
    if (metadata.isEmpty() || metadata.equals(topicId.toString())) {
      return new Restored.Moved(moved);
    }
    if (!metadata.startsWith(PREFIX)) {
      return ofOther(metadata, topicId);
    }
    try {
      var buffer =
          ByteBuffer.wrap(Base64.getUrlDecoder().decode(metadata.substring(PREFIX.length())));
      var written = new Uuid(buffer.getLong(), buffer.getLong());
      if (!written.equals(topicId)) {
        return ofOther(written.toString(), topicId);
      }
      long end = watermark;
      while (buffer.hasRemaining()) {
        long gap = WindowMetadata.varint(buffer);
        long length = WindowMetadata.varint(buffer);
        if (length == 0 || (gap == 0 && end != watermark)) {
          return new Restored.Unreadable("it is damaged: it has an empty run or gap");
        }
        long first = Math.addExact(end, gap);
        end = Math.addExact(first, length);
        moved.runs.put(first, end);
      }
      if (moved.runs.isEmpty()) {
        return new Restored.Unreadable("it is damaged: it tells of nothing that has moved");
      }
      moved.advanceTo(watermark);
      return new Restored.Moved(moved);
    } catch (IllegalArgumentException | ArithmeticException | BufferUnderflowException e) {
      return new Restored.Unreadable("it is damaged: " + e);
    }
  }

  private static Restored ofOther(String written, Uuid topicId) {
    return new Restored.Unreadable(
        "it is of a topic with the id "
            + written
            + ", but the topic has the id "
            + topicId
            + ": it was made anew");
  }
}
