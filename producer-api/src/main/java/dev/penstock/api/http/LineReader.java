package dev.penstock.api.http;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;

/**
 * Cuts a stream into lines, holding one buffer of at most the longest line. Used by one thread.
 *
 * <p>After {@link #next} has returned {@link Read#LINE} the line stands in {@link #buffer} from
 * {@link #start}, with {@link #length} bytes, until the next call.
 */
final class LineReader {
  private static final int FIRST_BUFFER_BYTES = 64 * 1024;

  /** What was found. */
  enum Read {
    LINE,
    TOO_LONG,
    END
  }

  private final InputStream in;
  private final int maxLineBytes;
  private final Duration lineTimeout;
  private byte[] buffer = new byte[FIRST_BUFFER_BYTES];
  private int position;
  private int limit;
  private int start;
  private int length;
  private long lines;
  private long bytes;
  private boolean ended;

  /**
   * @param lineTimeout how long the rest of a line, and the wait for the next one, may take
   */
  LineReader(InputStream in, int maxLineBytes, Duration lineTimeout) {
    this.in = in;
    this.maxLineBytes = maxLineBytes;
    this.lineTimeout = lineTimeout;
  }

  /** The next line, without its end. A line that is too long is skipped to its end. */
  Read next() throws IOException {
    IncomingBytes.current().expectWithin(lineTimeout);
    boolean tooLong = false;
    int scanned = position;
    while (true) {
      int end = indexOfNewline(scanned);
      if (end >= 0 || (ended && limit > position) || (ended && tooLong)) {
        int stop = end >= 0 ? end : limit;
        start = position;
        length = stop - position;
        position = end >= 0 ? end + 1 : limit;
        lines++;
        return tooLong || length > maxLineBytes ? Read.TOO_LONG : Read.LINE;
      }
      if (ended) {
        return Read.END;
      }
      if (limit - position > maxLineBytes) {
        tooLong = true;
        position = limit;
      }
      scanned = fill(limit - position);
    }
  }

  /** Reads more behind the {@code kept} bytes that are not used up; returns where it begins. */
  private int fill(int kept) throws IOException {
    if (position > 0 && (kept == 0 || limit == buffer.length)) {
      System.arraycopy(buffer, position, buffer, 0, kept);
      position = 0;
      limit = kept;
    }
    if (limit == buffer.length) {
      buffer =
          Arrays.copyOf(buffer, Math.min(2 * buffer.length, maxLineBytes + FIRST_BUFFER_BYTES));
    }
    int from = limit;
    IncomingBytes.current().consumed();
    int read = in.read(buffer, limit, buffer.length - limit);
    if (read < 0) {
      ended = true;
    } else {
      limit += read;
      bytes += read;
    }
    return from;
  }

  private int indexOfNewline(int from) {
    for (int i = from; i < limit; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  byte[] buffer() {
    return buffer;
  }

  int start() {
    return start;
  }

  int length() {
    return length;
  }

  /** Whether the line has nothing but white space. */
  boolean isBlank() {
    for (int i = start; i < start + length; i++) {
      if (buffer[i] != ' ' && buffer[i] != '\t' && buffer[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  /** How many lines were returned, hence the number of the last one. */
  long lines() {
    return lines;
  }

  /** How many bytes were read. */
  long bytes() {
    return bytes;
  }
}
