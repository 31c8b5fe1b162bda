package dev.penstock.fake;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One connection of HTTP/1.1, at the level of bytes: requests are read whole, and answers can be
 * cut, dripped and reset. Used by one thread, except for {@link #close}.
 */
final class Connection implements AutoCloseable {
  /** The longest request line with all headers. */
  static final int MAX_HEAD_BYTES = 64 * 1024;

  /** The longest body: what Anthropic takes at most, too. */
  static final int MAX_BODY_BYTES = 32 * 1024 * 1024;

  private static final int LINGER_MILLIS = 1_000;
  private static final int BUFFER_BYTES = 8 * 1024;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int end;

  Connection(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    this.in = socket.getInputStream();
    this.out = new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES);
  }

  /** Where an answer goes; buffered. */
  OutputStream out() {
    return out;
  }

  /** The next request; nothing when the client has closed the connection. */
  Optional<Request> read() throws IOException, BadHttpException {
    socket.setSoTimeout(0);
    String head = head();
    if (head.isEmpty()) {
      return Optional.empty();
    }
    String[] lines = head.split("\r\n", -1);
    String[] start = lines[0].split(" ", -1);
    if (start.length != 3 || !start[2].startsWith("HTTP/1.")) {
      throw new BadHttpException(400, "the request line is '" + brief(lines[0]) + "'");
    }
    var headers = new HashMap<String, String>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon < 1) {
        throw new BadHttpException(400, "a header line is '" + brief(lines[i]) + "'");
      }
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    int question = start[1].indexOf('?');
    String path = question < 0 ? start[1] : start[1].substring(0, question);
    String query = question < 0 ? "" : start[1].substring(question + 1);
    return Optional.of(new Request(start[0], path, query, headers, body(headers)));
  }

  /**
   * Waits, and sees it when the client goes away meanwhile. A client that closes only its sending
   * half counts as gone.
   *
   * @return whether the client is still there
   */
  boolean isThereAfter(Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (true) {
      long millis = Math.ceilDiv(deadline - System.nanoTime(), 1_000_000L);
      if (millis <= 0) {
        return true;
      }
      if (next < end) {
        // The next request is here already, so the client is.
        Thread.sleep(millis);
        return true;
      }
      try {
        socket.setSoTimeout((int) Math.min(millis, Integer.MAX_VALUE));
        if (!fill()) {
          return false;
        }
      } catch (SocketTimeoutException _) {
        // the loop looks at the time
      } catch (IOException _) {
        return false;
      }
    }
  }

  /** Sends what is buffered, and then a reset (RST) in place of an orderly end. */
  void reset() throws IOException {
    out.flush();
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /**
   * Ends the answer and reads on for a while: when a socket is closed with bytes unread, its other
   * side is told of a reset and may never see the answer.
   */
  void endAfterAnswer() throws IOException {
    out.flush();
    socket.shutdownOutput();
    socket.setSoTimeout(LINGER_MILLIS);
    for (long read = 0; read < MAX_BODY_BYTES && fill(); read += end) {
      // what still comes is of no interest
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException _) {
      // nothing to be done about a socket that is gone
    }
  }

  private String head() throws IOException, BadHttpException {
    var head = new ByteArrayOutputStream(512);
    int matched = 0;
    while (matched < 4) {
      if (next == end && !fill()) {
        if (head.size() == 0) {
          return "";
        }
        throw new EOFException("the client went away within the head of a request");
      }
      byte b = buffer[next++];
      if (head.size() == 0 && (b == '\r' || b == '\n')) {
        continue; // RFC 9112, 2.2: an empty line before a request is skipped
      }
      head.write(b);
      boolean expected = b == (matched % 2 == 0 ? '\r' : '\n');
      matched = expected ? matched + 1 : (b == '\r' ? 1 : 0);
      if (head.size() > MAX_HEAD_BYTES) {
        throw new BadHttpException(431, "the head of a request is over " + MAX_HEAD_BYTES);
      }
    }
    return head.toString(StandardCharsets.ISO_8859_1).substring(0, head.size() - 4);
  }

  private byte[] body(Map<String, String> headers) throws IOException, BadHttpException {
    boolean chunked =
        headers.getOrDefault("transfer-encoding", "").toLowerCase(Locale.ROOT).contains("chunked");
    String length = headers.getOrDefault("content-length", "0");
    if ("100-continue".equalsIgnoreCase(headers.get("expect"))) {
      out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      out.flush();
    }
    if (chunked) {
      return chunkedBody();
    }
    long bytes = number(length, 10);
    if (bytes > MAX_BODY_BYTES) {
      throw new BadHttpException(413, "the body is over " + MAX_BODY_BYTES + " bytes");
    }
    return exactly((int) bytes);
  }

  private byte[] chunkedBody() throws IOException, BadHttpException {
    var body = new ByteArrayOutputStream();
    while (true) {
      String line = line();
      int semicolon = line.indexOf(';');
      long bytes = number(semicolon < 0 ? line : line.substring(0, semicolon), 16);
      if (body.size() + bytes > MAX_BODY_BYTES) {
        throw new BadHttpException(413, "the body is over " + MAX_BODY_BYTES + " bytes");
      }
      if (bytes == 0) {
        while (!line().isEmpty()) {
          // trailers say nothing here
        }
        return body.toByteArray();
      }
      body.write(exactly((int) bytes));
      line();
    }
  }

  private String line() throws IOException, BadHttpException {
    var line = new StringBuilder();
    while (true) {
      if (next == end && !fill()) {
        throw new EOFException("the client went away within the body of a request");
      }
      char c = (char) (buffer[next++] & 0xff);
      if (c == '\n') {
        return line.toString().strip();
      }
      line.append(c);
      if (line.length() > MAX_HEAD_BYTES) {
        throw new BadHttpException(400, "a line of a chunked body has no end");
      }
    }
  }

  private byte[] exactly(int bytes) throws IOException {
    byte[] body = new byte[bytes];
    int have = Math.min(end - next, bytes);
    System.arraycopy(buffer, next, body, 0, have);
    next += have;
    if (in.readNBytes(body, have, bytes - have) < bytes - have) {
      throw new EOFException("the client went away within the body of a request");
    }
    return body;
  }

  private boolean fill() throws IOException {
    next = 0;
    end = 0;
    int read = in.read(buffer);
    end = Math.max(read, 0);
    return read >= 0;
  }

  private static long number(String text, int radix) throws BadHttpException {
    try {
      long number = Long.parseLong(text.strip(), radix);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException _) {
      // falls through to the one error below
    }
    throw new BadHttpException(400, "the length of a body is '" + brief(text) + "'");
  }

  private static String brief(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }
}
