package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Sends one request over a socket of its own and reads the bytes that come, as they come. */
final class RawClient {
  static final String CHAT =
      "{\"model\":\"gpt-fake-1\",\"messages\":[{\"role\":\"user\",\"content\":\"What turns?\"}]}";

  private static final int TIMEOUT_MILLIS = 20_000;

  private RawClient() {}

  /** How a connection ended. */
  enum Ending {
    /** The server closed it in order. */
    CLOSED,
    /** The server reset it. */
    RESET
  }

  /**
   * What came.
   *
   * @param status 0 when no head came
   * @param wire the body as on the wire, chunks included, a character a byte
   */
  record Answer(int status, Map<String, String> headers, String wire, Ending ending) {
    byte[] body() {
      return wire.getBytes(StandardCharsets.ISO_8859_1);
    }

    String header(String name) {
      return headers.getOrDefault(name, "");
    }

    boolean chunked() {
      return header("transfer-encoding").equals("chunked");
    }

    /** Whether the framing says that all of the body is there. */
    boolean whole() {
      return chunked()
          ? wire.endsWith("0\r\n\r\n")
          : wire.length() == Long.parseLong(headers.getOrDefault("content-length", "-1"));
    }

    String text() {
      if (!chunked()) {
        return new String(body(), StandardCharsets.UTF_8);
      }
      byte[] body = body();
      var out = new ByteArrayOutputStream();
      int at = 0;
      while (true) {
        int line = wire.indexOf("\r\n", at);
        int size =
            Integer.parseInt(new String(body, at, line - at, StandardCharsets.ISO_8859_1), 16);
        if (size == 0) {
          return out.toString(StandardCharsets.UTF_8);
        }
        out.write(body, line + 2, size);
        at = line + 2 + size + 2;
      }
    }

    JsonNode json() {
      return Json.MAPPER.readTree(text());
    }

    /** The data of the events of a stream. */
    List<String> data() {
      return text().lines().filter(l -> l.startsWith("data: ")).map(l -> l.substring(6)).toList();
    }

    /** The names of the events of a stream. */
    List<String> names() {
      return text().lines().filter(l -> l.startsWith("event: ")).map(l -> l.substring(7)).toList();
    }
  }

  static Answer chat(FakeProvider server, String body) throws IOException {
    return post(server, "/v1/chat/completions", body, Set.of("authorization: Bearer sk-fake"));
  }

  static Answer post(FakeProvider server, String path, String body, Set<String> headers)
      throws IOException {
    return send(server, "POST", path, body, headers);
  }

  static Answer send(
      FakeProvider server, String method, String path, String body, Set<String> headers)
      throws IOException {
    try (var socket = open(server, method, path, body, headers)) {
      return read(socket.getInputStream());
    }
  }

  static Socket open(
      FakeProvider server, String method, String path, String body, Set<String> headers)
      throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(TIMEOUT_MILLIS);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    var head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nhost: fake\r\n");
    headers.forEach(header -> head.append(header).append("\r\n"));
    head.append("connection: close\r\ncontent-type: application/json\r\n");
    head.append("content-length: ").append(bytes.length).append("\r\n\r\n");
    socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return socket;
  }

  static Answer read(InputStream in) throws IOException {
    var all = new ByteArrayOutputStream();
    Ending ending = Ending.CLOSED;
    try {
      byte[] buffer = new byte[8192];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        all.write(buffer, 0, n);
      }
    } catch (SocketException e) {
      ending = Ending.RESET;
    }
    String text = all.toString(StandardCharsets.ISO_8859_1);
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      if (!text.isEmpty()) {
        throw new EOFException("half a head: " + text);
      }
      return new Answer(0, Map.of(), "", ending);
    }
    String[] lines = text.substring(0, end).split("\r\n", -1);
    var headers = new HashMap<String, String>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    return new Answer(
        Integer.parseInt(lines[0].split(" ", 3)[1]), headers, text.substring(end + 4), ending);
  }
}
