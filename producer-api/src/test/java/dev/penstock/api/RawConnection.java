package dev.penstock.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A connection on which a test sends what no client would. */
final class RawConnection implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 60_000;

  private final Socket socket;

  private RawConnection(Socket socket) {
    this.socket = socket;
  }

  static RawConnection open(int port) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return new RawConnection(socket);
  }

  void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Sends a request line and headers. */
  void sendHead(String requestLine, String... headers) throws IOException {
    send(
        requestLine
            + " HTTP/1.1\r\nHost: x\r\n"
            + String.join("", java.util.Arrays.stream(headers).map(h -> h + "\r\n").toList())
            + "\r\n");
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** Says that nothing more follows, and goes on reading. */
  void endOutput() throws IOException {
    socket.shutdownOutput();
  }

  /** Everything up to and with {@code text}. */
  String readUntil(String text) throws IOException {
    var read = new ByteArrayOutputStream();
    while (true) {
      int b = socket.getInputStream().read();
      if (b < 0) {
        throw new AssertionError(
            "the connection ended before '" + text + "': " + read.toString(StandardCharsets.UTF_8));
      }
      read.write(b);
      String so = read.toString(StandardCharsets.UTF_8);
      if (so.endsWith(text)) {
        return so;
      }
    }
  }

  /** Everything until the server closes the connection. */
  String readToEnd() throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
