package dev.penstock.api.http;

import dev.penstock.submission.problem.Problem;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;

/** Answers, and the headers that each of them has. */
final class Answers {
  static final Header JSON = HeaderValues.createCached("Content-Type", "application/json");
  static final Header NDJSON = HeaderValues.createCached("Content-Type", "application/x-ndjson");
  static final Header PROBLEM = HeaderValues.createCached("Content-Type", Problem.MEDIA_TYPE);

  /** Nothing that the service answers may be run, framed, sniffed or kept. */
  static final List<Header> SECURITY =
      List.of(
          HeaderValues.createCached(
              "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
          HeaderValues.createCached("X-Content-Type-Options", "nosniff"),
          HeaderValues.createCached("Referrer-Policy", "no-referrer"),
          HeaderValues.createCached("Cross-Origin-Resource-Policy", "same-origin"),
          HeaderValues.createCached("Cache-Control", "no-store"));

  private Answers() {}

  /** Sends the problem. When the request was not read to its end, its connection is closed. */
  static void send(ServerRequest request, ServerResponse response, Problem problem) {
    response.status(Status.create(problem.type().status()));
    response.header(PROBLEM);
    if (!problem.retryAfter().isZero()) {
      response.header(HeaderNames.RETRY_AFTER, String.valueOf(problem.retryAfterSeconds()));
    }
    closeUnlessRead(request, response);
    response.send(problem.toJson());
  }

  /** To be called before an answer that does not need the request's body. */
  static void closeUnlessRead(ServerRequest request, ServerResponse response) {
    if (request.content().hasEntity() && !request.content().consumed()) {
      response.header(HeaderValues.CONNECTION_CLOSE);
      IncomingBytes.current().refuse();
    }
  }
}
