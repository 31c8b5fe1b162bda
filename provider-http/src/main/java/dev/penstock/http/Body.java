package dev.penstock.http;

import java.net.http.HttpHeaders;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.util.Locale;

/** What came after the headers. */
sealed interface Body permits Body.Whole, ByteStream {
  /**
   * All of it.
   *
   * @param bytes none where there were too many
   * @param tooLarge whether there were more than the bound, so that the rest was not read
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, neither compared nor changed
  record Whole(byte[] bytes, boolean tooLarge) implements Body {}

  /**
   * Takes events as they come where they were asked for and did come, anything else as a whole.
   *
   * @param maxBytes how many are read at most
   */
  static BodyHandler<Body> handler(boolean streamed, int maxBytes) {
    return info -> {
      if (streamed && info.statusCode() == 200 && isEventStream(info.headers())) {
        return new ByteStream();
      }
      BodySubscriber<Whole> whole = new BoundedBody(maxBytes);
      return BodySubscribers.mapping(whole, body -> body);
    };
  }

  /** The media type without its parameters, in lower case; empty where none is said. */
  static String mediaType(HttpHeaders headers) {
    String type = headers.firstValue("content-type").orElse("");
    int semicolon = type.indexOf(';');
    return (semicolon < 0 ? type : type.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
  }

  private static boolean isEventStream(HttpHeaders headers) {
    return mediaType(headers).equals("text/event-stream");
  }
}
