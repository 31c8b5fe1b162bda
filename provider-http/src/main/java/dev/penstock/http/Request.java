package dev.penstock.http;

import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * A call in a protocol's words.
 *
 * @param path below the base URL, with a slash before it; may have a query
 * @param headers those that only this protocol has; not the key's
 * @param body what is sent
 * @param streamed whether the answer was asked for as events
 */
public record Request(String path, List<Header> headers, ObjectNode body, boolean streamed) {
  public Request {
    headers = List.copyOf(headers);
  }
}
