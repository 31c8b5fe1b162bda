package dev.penstock.http;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An HTTP server for tests, which writes exactly what a script says: also what no decent server
 * would.
 */
public final class TinyServer implements AutoCloseable {
  private static final int BACKLOG = 500;

  private final ServerSocket listening;
  private final Script script;
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final List<Socket> open = new CopyOnWriteArrayList<>();

  /** Answers one request. */
  @FunctionalInterface
  public interface Script {
    void answer(Asked asked, OutputStream out) throws IOException, InterruptedException;
  }

  /** A request; names of headers are in lower case. */
  public record Asked(String path, Map<String, String> headers, String body, Socket socket) {
    public String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  private TinyServer(ServerSocket listening, Script script) {
    this.listening = listening;
    this.script = script;
  }

  public static TinyServer start(Script script) {
    try {
      var server =
          new TinyServer(new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress()), script);
      Thread.startVirtualThread(server::accept);
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String url() {
    return "http://127.0.0.1:" + listening.getLocalPort() + "/v1";
  }

  /** Everything that was asked so far. */
  public List<Asked> asked() {
    return asked;
  }

  /** A whole answer with a length. */
  public static Script json(int status, String body, String... headers) {
    return whole(status, "application/json", body, headers);
  }

  static Script whole(int status, String type, String body, String... headers) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return (_, out) -> {
      head(out, status, type, "content-length: " + bytes.length, headers);
      out.write(bytes);
    };
  }

  /** Events in chunks, properly ended. */
  public static Script events(List<String> events, String... headers) {
    return (_, out) -> {
      head(out, 200, "text/event-stream; charset=utf-8", "transfer-encoding: chunked", headers);
      for (String event : events) {
        chunk(out, event + "\n\n");
      }
      out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    };
  }

  static void head(OutputStream out, int status, String type, String framing, String... headers)
      throws IOException {
    var head = new StringBuilder("HTTP/1.1 " + status + " Said\r\ncontent-type: " + type + "\r\n");
    head.append(framing).append("\r\n");
    Arrays.stream(headers).forEach(header -> head.append(header).append("\r\n"));
    out.write(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
  }

  static void chunk(OutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket socket = listening.accept();
        open.add(socket);
        Thread.startVirtualThread(() -> serve(socket));
      } catch (IOException _) {
        // Closed.
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      while (!socket.isClosed()) {
        String start = line(in);
        if (start.isEmpty()) {
          return;
        }
        var headers = new TreeMap<String, String>();
        String header = line(in);
        while (!header.isEmpty()) {
          int colon = header.indexOf(':');
          headers.put(
              header.substring(0, colon).toLowerCase(java.util.Locale.ROOT),
              header.substring(colon + 1).strip());
          header = line(in);
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        var request = new Asked(start.split(" ", 3)[1], headers, body, socket);
        asked.add(request);
        script.answer(request, out);
        out.flush();
      }
    } catch (IOException | InterruptedException _) {
      // The client has gone, or the test is over.
    } finally {
      open.remove(socket);
    }
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    int next = in.read();
    while (next >= 0 && next != '\n') {
      if (next != '\r') {
        line.append((char) next);
      }
      next = in.read();
    }
    return line.toString();
  }

  @Override
  public void close() {
    try {
      listening.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
