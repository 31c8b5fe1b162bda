package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * An HTTP answer that is known as a whole before it goes out.
 *
 * @param status the HTTP status
 * @param headers without content type and framing
 * @param contentType of the body
 * @param parts the body, in the pieces in which a stream is sent; not to be changed
 * @param streamed whether the body is sent in chunks as it comes, instead of under its length
 */
record Reply(
    int status,
    Map<String, String> headers,
    String contentType,
    List<byte[]> parts,
    boolean streamed) {
  static final String JSON = "application/json";
  static final String EVENTS = "text/event-stream; charset=utf-8";

  Reply {
    headers = Map.copyOf(headers);
    parts = List.copyOf(parts);
  }

  static Reply json(int status, JsonNode body) {
    return new Reply(status, Map.of(), JSON, List.of(Json.MAPPER.writeValueAsBytes(body)), false);
  }

  static Reply text(int status, String contentType, String body) {
    return new Reply(
        status, Map.of(), contentType, List.of(body.getBytes(StandardCharsets.UTF_8)), false);
  }

  /** Server-sent events; each frame is sent on its own. */
  static Reply events(List<String> frames) {
    return new Reply(
        200,
        Map.of("cache-control", "no-cache"),
        EVENTS,
        frames.stream().map(frame -> frame.getBytes(StandardCharsets.UTF_8)).toList(),
        true);
  }

  /** The same with more headers; of one name the added one. */
  Reply with(Map<String, String> more) {
    var all = new LinkedHashMap<>(headers);
    all.putAll(more);
    return new Reply(status, all, contentType, parts, streamed);
  }

  /** The same with another body. */
  Reply withBody(String otherContentType, List<byte[]> otherParts) {
    return new Reply(status, headers, otherContentType, otherParts, streamed);
  }

  /** The request line's answer and the headers, with the empty line. */
  byte[] head() {
    var head = new StringBuilder(512);
    head.append("HTTP/1.1 ").append(status).append(' ').append(reason(status)).append("\r\n");
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("content-type: ").append(contentType).append("\r\n");
    if (streamed) {
      head.append("transfer-encoding: chunked\r\n\r\n");
    } else {
      long length = parts.stream().mapToLong(part -> part.length).sum();
      head.append("content-length: ").append(length).append("\r\n\r\n");
    }
    return head.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  /** A part as it stands on the wire. */
  byte[] framed(byte[] part) {
    if (!streamed) {
      return part;
    }
    byte[] size = (Integer.toHexString(part.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
    byte[] framed = new byte[size.length + part.length + 2];
    System.arraycopy(size, 0, framed, 0, size.length);
    System.arraycopy(part, 0, framed, size.length, part.length);
    framed[framed.length - 2] = '\r';
    framed[framed.length - 1] = '\n';
    return framed;
  }

  /** What ends the body on the wire. */
  byte[] end() {
    return (streamed ? "0\r\n\r\n" : "").getBytes(StandardCharsets.US_ASCII);
  }

  /** Sends it at once and as it should be. */
  void writeTo(Connection connection) throws IOException {
    OutputStream out = connection.out();
    out.write(head());
    for (byte[] part : parts) {
      out.write(framed(part));
    }
    out.write(end());
    out.flush();
  }

  private static String reason(int status) {
    return switch (status) {
      case 200 -> "OK";
      case 204 -> "No Content";
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 408 -> "Request Timeout";
      case 409 -> "Conflict";
      case 413 -> "Payload Too Large";
      case 422 -> "Unprocessable Entity";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 500 -> "Internal Server Error";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      case 529 -> "Site Overloaded";
      default -> "Status";
    };
  }
}
