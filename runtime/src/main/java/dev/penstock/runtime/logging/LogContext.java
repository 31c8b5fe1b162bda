package dev.penstock.runtime.logging;

import dev.penstock.runtime.telemetry.TraceIds;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * What is known of everything that the thread logs until it is closed. To be closed by the thread
 * that opened it; there is one at a time.
 */
public final class LogContext implements AutoCloseable {
  /** The job's id. */
  public static final String JOB = "job";

  /** The number of its attempt, from 1. */
  public static final String ATTEMPT = "attempt";

  /** The W3C trace of its submission. */
  public static final String TRACE = "trace_id";

  /** The span within that trace. */
  public static final String SPAN = "span_id";

  /** What the client calls its request ({@code X-Request-Id} or {@code X-Correlation-Id}). */
  public static final String CORRELATION = "correlation_id";

  /** The most characters of a client's own id that are kept. */
  public static final int MAX_CORRELATION_CHARS = 128;

  private static final LogContext OPEN = new LogContext();

  private LogContext() {}

  /**
   * Of a call for a job.
   *
   * @param traceparent the trace context that it stands in, or empty
   */
  public static LogContext ofCall(String job, int attempt, String traceparent) {
    MDC.put(JOB, job);
    MDC.put(ATTEMPT, attempt == 1 ? "1" : Integer.toString(attempt));
    trace(traceparent);
    return OPEN;
  }

  /**
   * Of a request.
   *
   * @param correlation what the client calls it, as it came, or null
   */
  public static LogContext ofRequest(String traceparent, @Nullable String correlation) {
    trace(traceparent);
    String id = correlation == null ? "" : cleaned(correlation);
    if (!id.isEmpty()) {
      MDC.put(CORRELATION, id);
    }
    return OPEN;
  }

  private static void trace(String traceparent) {
    String trace = TraceIds.trace(traceparent);
    if (!trace.isEmpty()) {
      MDC.put(TRACE, trace);
      MDC.put(SPAN, TraceIds.span(traceparent));
    }
  }

  /**
   * A client's own id, of at most {@link #MAX_CORRELATION_CHARS} letters, digits and {@code
   * ._:/+=@-}; everything else is left out.
   */
  public static String cleaned(String correlation) {
    var kept = new StringBuilder();
    for (int i = 0; i < correlation.length() && kept.length() < MAX_CORRELATION_CHARS; i++) {
      char c = correlation.charAt(i);
      boolean letterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (letterOrDigit || "._:/+=@-".indexOf(c) >= 0) {
        kept.append(c);
      }
    }
    return kept.toString();
  }

  @Override
  public void close() {
    MDC.clear();
  }
}
