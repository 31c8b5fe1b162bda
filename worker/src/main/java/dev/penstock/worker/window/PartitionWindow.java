package dev.penstock.worker.window;

/**
 * Which offsets of one partition are unfinished.
 *
 * <p>Offsets below {@link #end} have been seen; those of them that are unfinished have their bit
 * set in a ring that starts at {@code base}. The watermark is the lowest unfinished offset, or the
 * end. Offsets that were never handed over (transaction markers, aborted records) count as
 * finished.
 *
 * <p>Not thread-safe: the core's thread owns it.
 */
public final class PartitionWindow {
  /** How far the end may be ahead of the watermark: bounds the ring at 512 KiB. */
  static final long MAX_SPAN = 1L << 22;

  private long[] ring = new long[16];
  private long base;
  private long end;
  private int unfinished;

  /**
   * Not below the size that listing the gaps between unfinished offsets takes; made exact when it
   * matters.
   */
  private int gapBytesBound;

  private long lastUnfinished = -1;

  /** A window with nothing finished beyond {@code watermark}. */
  public PartitionWindow(long watermark) {
    this.base = watermark;
    this.end = watermark;
  }

  /** The lowest offset that is not finished: what is committed. */
  public long watermark() {
    return unfinished == 0 ? end : nextUnfinished(base);
  }

  /** One above the highest offset that was seen. */
  public long end() {
    return end;
  }

  /** How many offsets are unfinished. */
  public int unfinished() {
    return unfinished;
  }

  /**
   * Whether {@code offset} is seen and finished: true for what an earlier owner finished beyond its
   * watermark, and for what lies below the watermark.
   */
  public boolean isFinished(long offset) {
    return offset < end && !isUnfinished(offset);
  }

  /** Whether {@code offset} is seen and unfinished. */
  public boolean isUnfinished(long offset) {
    return offset >= base && offset < end && (ring[word(offset)] & bit(offset)) != 0;
  }

  /**
   * Whether the metadata can hold this window once {@code offset} is added, whatever is finished in
   * whatever order afterwards. Both forms of {@link WindowMetadata} only shrink by finishing, so
   * one that fits now always will.
   */
  public boolean admits(long offset) {
    if (offset < end) {
      return true;
    }
    long watermark = watermark();
    if (offset - watermark >= MAX_SPAN) {
      return false;
    }
    if (offset - watermark < WindowMetadata.MAX_BITMAP_SPAN) {
      return true;
    }
    if (gapBytesWith(offset) > WindowMetadata.MAX_PAYLOAD_BYTES) {
      countGapBytes();
    }
    return gapBytesWith(offset) <= WindowMetadata.MAX_PAYLOAD_BYTES;
  }

  /** Notes that {@code offset}, at or above the end, was handed over and is unfinished. */
  public void add(long offset) {
    if (offset < end) {
      throw new IllegalStateException("offset " + offset + " is below the end " + end);
    }
    makeRoom(offset);
    gapBytesBound = unfinished == 0 ? 1 : gapBytesWith(offset);
    ring[word(offset)] |= bit(offset);
    lastUnfinished = offset;
    unfinished++;
    end = offset + 1;
  }

  /** Notes that {@code offset} is finished. */
  public void finish(long offset) {
    if (!isUnfinished(offset)) {
      throw new IllegalStateException("offset " + offset + " is not unfinished");
    }
    ring[word(offset)] &= ~bit(offset);
    unfinished--;
  }

  /**
   * Notes that all below {@code position} was seen: what was not handed over up to there never will
   * be.
   */
  public void passTo(long position) {
    if (position <= end) {
      return;
    }
    if (unfinished == 0) {
      base = position;
    } else {
      makeRoom(position - 1);
    }
    end = position;
  }

  /** The lowest unfinished offset at or above {@code from}, or the end. */
  public long nextUnfinished(long from) {
    long offset = Math.max(from, base);
    while (offset < end) {
      long rest = ring[word(offset)] >>> (offset & 63);
      if (rest != 0) {
        return Math.min(offset + Long.numberOfTrailingZeros(rest), end);
      }
      offset = (offset | 63) + 1;
    }
    return end;
  }

  /**
   * One above the highest finished offset that lies above an unfinished one, or the watermark when
   * there is none.
   */
  long finishedEnd() {
    long offset = end - 1;
    long watermark = watermark();
    while (offset > watermark && isUnfinished(offset)) {
      offset--;
    }
    return offset > watermark ? offset + 1 : watermark;
  }

  private int gapBytesWith(long offset) {
    return gapBytesBound + WindowMetadata.varintBytes(offset - lastUnfinished);
  }

  /** Makes the bound exact: what was finished since it was counted no longer takes part. */
  private void countGapBytes() {
    int bytes = 0;
    long previous = watermark();
    for (long offset = previous; offset < end; offset = nextUnfinished(offset + 1)) {
      bytes += WindowMetadata.varintBytes(offset - previous);
      previous = offset;
    }
    gapBytesBound = bytes;
    lastUnfinished = previous;
  }

  /** Lets the ring begin at the watermark and reach {@code offset}. */
  private void makeRoom(long offset) {
    if (unfinished == 0) {
      base = Math.max(base, end);
      if (needed(offset) > ring.length) {
        // Nothing is set: the ring may begin anywhere.
        base = offset & -64L;
      }
      return;
    }
    // Words below the watermark are all zero, so moving the base needs no clearing.
    base = watermark();
    if (needed(offset) <= ring.length) {
      return;
    }
    int words = ring.length;
    while (words < needed(offset)) {
      words *= 2;
    }
    var grown = new long[words];
    for (long at = base & -64L; at < end; at += 64) {
      grown[(int) ((at >>> 6) & (words - 1))] = ring[word(at)];
    }
    ring = grown;
  }

  /** Words from the one of the base to the one of {@code offset}. */
  private long needed(long offset) {
    return (offset >>> 6) - (base >>> 6) + 1;
  }

  private int word(long offset) {
    return (int) ((offset >>> 6) & (ring.length - 1));
  }

  private static long bit(long offset) {
    return 1L << (offset & 63);
  }
}
