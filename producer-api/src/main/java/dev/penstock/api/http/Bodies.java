package dev.penstock.api.http;

import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/** Reads bodies within their bounds. */
final class Bodies {
  private static final int FIRST_BUFFER_BYTES = 8_192;

  private Bodies() {}

  /** The media type without its parameters, in lower case; empty when there is none. */
  static String mediaType(ServerRequest request) {
    String value = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("");
    int semicolon = value.indexOf(';');
    return (semicolon < 0 ? value : value.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
  }

  /** Refuses encoded bodies. */
  static void checkNotEncoded(ServerRequest request) {
    if (request.headers().contains(HeaderNames.CONTENT_ENCODING)) {
      throw new ProblemException(TransportProblems.unsupportedEncoding());
    }
  }

  /**
   * The whole body.
   *
   * @throws ProblemException when it is empty or has more than {@code maxBytes}
   */
  static byte[] read(ServerRequest request, int maxBytes, Duration timeout) {
    long announced = request.headers().contentLength().orElse(-1);
    if (announced > maxBytes) {
      throw tooLarge(maxBytes);
    }
    if (!request.content().hasEntity()) {
      throw empty();
    }
    IncomingBytes.current().expectWithin(timeout);
    byte[] body =
        announced >= 0
            ? readAnnounced(FramedBody.of(request), (int) announced)
            : readUpTo(FramedBody.of(request), maxBytes);
    if (body.length == 0) {
      throw empty();
    }
    return body;
  }

  private static byte[] readAnnounced(InputStream in, int length) {
    byte[] body = new byte[length];
    try {
      int read = in.readNBytes(body, 0, length);
      // One more read, so that the server knows that the body was consumed.
      if (read < length || in.read() >= 0) {
        throw new ProblemException(
            Problem.of(ProblemType.INCOMPLETE_BODY, "the body is shorter than announced"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return body;
  }

  private static byte[] readUpTo(InputStream in, int maxBytes) {
    byte[] body = new byte[FIRST_BUFFER_BYTES];
    int length = 0;
    try {
      while (true) {
        int read = in.read(body, length, body.length - length);
        if (read < 0) {
          return Arrays.copyOf(body, length);
        }
        length += read;
        if (length > maxBytes) {
          throw tooLarge(maxBytes);
        }
        if (length == body.length) {
          body = Arrays.copyOf(body, Math.min(2 * length, maxBytes + 1));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProblemException tooLarge(int maxBytes) {
    return new ProblemException(
        Problem.of(ProblemType.BODY_TOO_LARGE, "the body has more than " + maxBytes + " bytes"));
  }

  private static ProblemException empty() {
    return new ProblemException(
        Problem.of(ProblemType.EMPTY_BODY, "send a job as JSON, or jobs as NDJSON"));
  }
}
