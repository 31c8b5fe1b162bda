package dev.penstock.api.http;

import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.DirectHandler;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers requests that are refused before they reach a route, in the form of all our errors. */
final class TransportProblems implements DirectHandler {
  private static final Logger log = LoggerFactory.getLogger(TransportProblems.class);

  private final RequestMetrics metrics;

  TransportProblems(RequestMetrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public TransportResponse handle(
      TransportRequest request,
      EventType eventType,
      Status defaultStatus,
      ServerResponseHeaders responseHeaders,
      @Nullable Throwable thrown) {
    if (defaultStatus.code() >= 500 && thrown != null) {
      log.warn("a request failed", thrown);
    }
    return handle(
        request,
        eventType,
        defaultStatus,
        responseHeaders,
        thrown == null ? null : thrown.getMessage());
  }

  @Override
  public TransportResponse handle(
      TransportRequest request,
      EventType eventType,
      Status defaultStatus,
      ServerResponseHeaders responseHeaders,
      @Nullable String message) {
    Problem problem = problem(request, defaultStatus, message == null ? "" : message);
    metrics.refused("transport", problem.type());
    IncomingBytes.current().refuse();
    for (Header header : Answers.SECURITY) {
      responseHeaders.set(header);
    }
    responseHeaders.set(Answers.PROBLEM);
    return TransportResponse.builder()
        .status(Status.create(problem.type().status()))
        .headers(responseHeaders)
        .keepAlive(false)
        .entity(problem.toJson())
        .build();
  }

  private static Problem problem(TransportRequest request, Status status, String message) {
    if (status.code() == 400 && request.headers().contains(HeaderNames.CONTENT_ENCODING)) {
      return unsupportedEncoding();
    }
    if (message.startsWith("Header size exceeded")) {
      return Problem.of(
          ProblemType.HEADERS_TOO_LARGE, "the headers have more than 16384 bytes in all");
    }
    return ofStatus(status);
  }

  static Problem unsupportedEncoding() {
    return Problem.of(
        ProblemType.UNSUPPORTED_ENCODING, "send the body as it is, without Content-Encoding");
  }

  /** The problem of a request that the server itself gave up on. */
  static Problem ofStatus(Status status) {
    return switch (status.code()) {
      case 408 ->
          Problem.of(
              ProblemType.REQUEST_TIMEOUT, "the request was not complete in time; send it again");
      case 413 ->
          Problem.of(ProblemType.BODY_TOO_LARGE, "the body, or a chunk of it, is too large");
      case 414 -> Problem.of(ProblemType.URI_TOO_LONG, "the request line is too long");
      case 501 ->
          Problem.of(
              ProblemType.NOT_IMPLEMENTED, "of transfer encodings only chunked is supported");
      case 505 -> Problem.of(ProblemType.HTTP_VERSION_NOT_SUPPORTED, "use HTTP/1.1");
      default ->
          status.code() >= 500
              ? Problem.of(ProblemType.INTERNAL_ERROR, "the service's log says more")
              : Problem.of(
                  ProblemType.BAD_REQUEST,
                  "the request line, a header or the framing is not valid");
    };
  }
}
