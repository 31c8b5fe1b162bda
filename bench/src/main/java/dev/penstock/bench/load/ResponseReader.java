package dev.penstock.bench.load;

import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * Reads the answers on one HTTP/1.1 connection as their bytes come in: bodies of a stated length
 * and chunked ones. Keeps the status and the number of body bytes, not the body. Not thread-safe.
 */
final class ResponseReader {
  private static final int MAX_HEAD_BYTES = 16 * 1024;
  private static final int MAX_LINE_BYTES = 1024;

  private enum Part {
    HEAD,
    BODY,
    CHUNK_SIZE,
    CHUNK,
    CHUNK_END,
    TRAILER,
    DONE
  }

  private final StringBuilder line = new StringBuilder();
  private Part part = Part.HEAD;
  private int headBytes;
  private int status;
  private long remaining;
  private boolean chunked;
  private boolean closes;
  private long bodyBytes;

  /** Forgets the last answer. */
  void reset() {
    line.setLength(0);
    part = Part.HEAD;
    headBytes = 0;
    status = 0;
    remaining = 0;
    chunked = false;
    closes = false;
    bodyBytes = 0;
  }

  /** The status code, once the answer is complete. */
  int status() {
    return status;
  }

  /** The size of the body without its framing. */
  long bodyBytes() {
    return bodyBytes;
  }

  /** Whether the server will close the connection after this answer. */
  boolean closes() {
    return closes;
  }

  /**
   * Takes what has arrived, up to the end of the answer.
   *
   * @return whether the answer is complete
   * @throws IllegalStateException when it is not HTTP/1.1 as described above
   */
  boolean take(ByteBuffer bytes) {
    while (part != Part.DONE && bytes.hasRemaining()) {
      switch (part) {
        case BODY, CHUNK -> skip(bytes);
        case HEAD, CHUNK_SIZE, CHUNK_END, TRAILER -> takeLineByte(bytes.get());
        case DONE -> throw new IllegalStateException("done");
      }
    }
    return part == Part.DONE;
  }

  private void skip(ByteBuffer bytes) {
    int step = (int) Math.min(remaining, bytes.remaining());
    bytes.position(bytes.position() + step);
    remaining -= step;
    bodyBytes += step;
    if (remaining == 0) {
      part = part == Part.BODY ? Part.DONE : Part.CHUNK_END;
    }
  }

  private void takeLineByte(byte b) {
    if (b == '\n') {
      int length = line.length();
      if (length > 0 && line.charAt(length - 1) == '\r') {
        line.setLength(length - 1);
      }
      String text = line.toString();
      line.setLength(0);
      takeLine(text);
    } else {
      line.append((char) (b & 0xff));
      headBytes++;
      if (part == Part.HEAD ? headBytes > MAX_HEAD_BYTES : line.length() > MAX_LINE_BYTES) {
        throw new IllegalStateException("the head of an answer is too long");
      }
    }
  }

  private void takeLine(String text) {
    switch (part) {
      case HEAD -> takeHead(text);
      case CHUNK_SIZE -> {
        int semicolon = text.indexOf(';');
        String size = semicolon < 0 ? text : text.substring(0, semicolon);
        remaining = Long.parseLong(size.strip(), 16);
        part = remaining == 0 ? Part.TRAILER : Part.CHUNK;
      }
      case CHUNK_END -> part = Part.CHUNK_SIZE;
      case TRAILER -> part = text.isEmpty() ? Part.DONE : Part.TRAILER;
      case BODY, CHUNK, DONE -> throw new IllegalStateException("no line is expected");
    }
  }

  private void takeHead(String text) {
    if (status == 0) {
      if (!text.startsWith("HTTP/1.1 ") || text.length() < 12) {
        throw new IllegalStateException("not an HTTP/1.1 answer: " + text);
      }
      status = Integer.parseInt(text.substring(9, 12));
      return;
    }
    if (text.isEmpty()) {
      if (status == 100) {
        reset();
      } else if (chunked) {
        part = Part.CHUNK_SIZE;
      } else {
        part = remaining == 0 ? Part.DONE : Part.BODY;
      }
      return;
    }
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon).toLowerCase(Locale.ROOT);
    String value = colon < 0 ? "" : text.substring(colon + 1).strip();
    switch (name) {
      case "content-length" -> remaining = Long.parseLong(value);
      case "transfer-encoding" -> chunked = value.equalsIgnoreCase("chunked");
      case "connection" -> closes = value.equalsIgnoreCase("close");
      default -> {}
    }
  }
}
