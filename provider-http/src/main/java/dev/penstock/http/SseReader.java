package dev.penstock.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads server-sent events by the rules of the HTML standard, section 9.2.6: lines end with LF, CR
 * or both, a byte order mark is skipped, an event that the end cuts is not told. Not thread-safe.
 */
final class SseReader {
  private static final int FIRST_LINE_BYTES = 1024;

  private final ByteStream stream;
  private final int maxBytes;
  private final Duration idle;

  private Iterator<ByteBuffer> buffers = List.<ByteBuffer>of().iterator();
  private ByteBuffer current = ByteBuffer.allocate(0);
  private long bytes;
  private byte[] line = new byte[FIRST_LINE_BYTES];
  private int length;
  private boolean afterReturn;
  private boolean first = true;

  /**
   * A reader from the stream's beginning.
   *
   * @param maxBytes of the whole stream
   * @param idle how long nothing may come
   */
  SseReader(ByteStream stream, int maxBytes, Duration idle) {
    this.stream = stream;
    this.maxBytes = maxBytes;
    this.idle = idle;
  }

  /** There is more than the bound. */
  static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLargeException() {
      super("the stream is larger than its bound");
    }
  }

  /**
   * The next event; waits for it.
   *
   * @return null at the end
   * @throws IOException when the connection was lost, nothing came in time, or too much
   */
  @Nullable ServerSentEvent next() throws IOException, InterruptedException {
    String name = "";
    StringBuilder data = null;
    while (true) {
      String text = line();
      if (text == null) {
        return null;
      }
      if (text.isEmpty()) {
        if (data != null) {
          return new ServerSentEvent(name, data.toString());
        }
        name = "";
        continue;
      }
      int colon = text.indexOf(':');
      String field = colon < 0 ? text : text.substring(0, colon);
      String value = colon < 0 ? "" : text.substring(colon + 1);
      if (value.startsWith(" ")) {
        value = value.substring(1);
      }
      switch (field) {
        case "event" -> name = value;
        case "data" -> {
          if (data == null) {
            data = new StringBuilder(value);
          } else {
            data.append('\n').append(value);
          }
        }
        default -> {
          // Comments (no name before the colon), ids, retry times and unknown fields.
        }
      }
    }
  }

  private @Nullable String line() throws IOException, InterruptedException {
    while (true) {
      if (!current.hasRemaining() && !more()) {
        return null;
      }
      byte next = current.get();
      if (next == '\n' && afterReturn) {
        afterReturn = false;
        continue;
      }
      afterReturn = next == '\r';
      if (next == '\n' || next == '\r') {
        var text = new String(line, 0, length, StandardCharsets.UTF_8);
        length = 0;
        boolean marked = first && text.startsWith("\uFEFF");
        first = false;
        return marked ? text.substring(1) : text;
      }
      if (length == line.length) {
        line = Arrays.copyOf(line, length * 2);
      }
      line[length++] = next;
    }
  }

  private boolean more() throws IOException, InterruptedException {
    while (!current.hasRemaining()) {
      if (!buffers.hasNext()) {
        List<ByteBuffer> came = stream.next(idle);
        if (came == null) {
          return false;
        }
        buffers = came.iterator();
        continue;
      }
      current = buffers.next();
      bytes += current.remaining();
      if (bytes > maxBytes) {
        throw new TooLargeException();
      }
    }
    return true;
  }
}
