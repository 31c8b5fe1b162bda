package dev.penstock.fake;

import java.util.Locale;
import java.util.Map;

/** One HTTP request, read whole. */
final class Request {
  private final String method;
  private final String path;
  private final String query;
  private final Map<String, String> headers;
  private final byte[] body;

  /**
   * A request.
   *
   * @param path without the query
   * @param query what follows the question mark, or empty
   * @param headers by name in lower case; of a name that comes twice the last one
   * @param body not copied, not to be changed
   */
  Request(String method, String path, String query, Map<String, String> headers, byte[] body) {
    this.method = method;
    this.path = path;
    this.query = query;
    this.headers = Map.copyOf(headers);
    this.body = body;
  }

  String method() {
    return method;
  }

  String path() {
    return path;
  }

  String query() {
    return query;
  }

  /** The value of a header, or an empty text. */
  String header(String name) {
    return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
  }

  /** Whether the client may send another request over the same connection. */
  boolean staysOpen() {
    return !header("connection").equalsIgnoreCase("close");
  }

  /** Not to be changed. */
  byte[] body() {
    return body;
  }
}
