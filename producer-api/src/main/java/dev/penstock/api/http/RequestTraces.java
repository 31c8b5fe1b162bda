package dev.penstock.api.http;

import dev.penstock.api.publish.TraceContext;
import dev.penstock.runtime.logging.LogContext;
import dev.penstock.runtime.telemetry.Span;
import dev.penstock.runtime.telemetry.SpanKind;
import dev.penstock.runtime.telemetry.Traces;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * The trace that a request stands in, for requests that change something: the client's, or a new
 * one. It is known to all that the request's thread logs. Thread-safe.
 */
final class RequestTraces {
  private static final ScopedValue<String> CURRENT = ScopedValue.newInstance();
  private static final HeaderName TRACEPARENT = HeaderNames.create("traceparent");
  private static final HeaderName REQUEST_ID = HeaderNames.create("X-Request-Id");
  private static final HeaderName CORRELATION_ID = HeaderNames.create("X-Correlation-Id");
  private static final int SERVER_ERROR = 500;

  private final Traces traces;
  private final InstantSource clock;

  RequestTraces(Traces traces, InstantSource clock) {
    this.traces = traces;
    this.clock = clock;
  }

  /** The trace context that the thread's request stands in; what it writes carries it on. */
  static String traceparent() {
    return CURRENT.isBound() ? CURRENT.get() : TraceContext.continueOrStart("");
  }

  /** The same in ASCII, or null where the request changes nothing. */
  static byte @Nullable [] current() {
    return CURRENT.isBound() ? CURRENT.get().getBytes(StandardCharsets.US_ASCII) : null;
  }

  /** The route's handler within the trace of its request. */
  Handler around(Route route, Handler handler) {
    Method method = route.method();
    if (method.equals(Method.GET)) {
      return handler;
    }
    boolean submits = method.equals(Method.POST) && route.path().equals("/v1/jobs");
    String name = submits ? "submit" : method.text() + " " + route.path();
    return (request, response) -> handle(name, route, handler, request, response);
  }

  private void handle(
      String name, Route route, Handler handler, ServerRequest request, ServerResponse response)
      throws Exception {
    String received = request.headers().first(TRACEPARENT).orElse("");
    String correlation = correlation(request);
    Span span =
        traces.isOn() ? traces.begin(SpanKind.SERVER, name, received, clock.instant()) : Span.NONE;
    String traceparent =
        span.traceparent().isEmpty() ? TraceContext.continueOrStart(received) : span.traceparent();
    try {
      boolean _ =
          LogContext.ofRequest(
              traceparent,
              correlation,
              () ->
                  ScopedValue.where(CURRENT, traceparent)
                      .call(() -> {
                        handler.handle(request, response);
                        return true;
                      }));
    } finally {
      if (span.isRecording()) {
        end(span, route, response, correlation);
      }
    }
  }

  private static @Nullable String correlation(ServerRequest request) {
    return request
        .headers()
        .first(REQUEST_ID)
        .or(() -> request.headers().first(CORRELATION_ID))
        .orElse(null);
  }

  private void end(Span span, Route route, ServerResponse response, @Nullable String correlation) {
    int status = response.status().code();
    span.set("http.request.method", route.method().text())
        .set("http.route", route.path())
        .set("url.scheme", "http")
        .set("http.response.status_code", status)
        .set(
            "penstock.correlation_id",
            correlation == null ? null : LogContext.cleaned(correlation));
    if (status >= SERVER_ERROR) {
      span.failed(String.valueOf(status));
    }
    span.end(clock.instant());
  }
}
