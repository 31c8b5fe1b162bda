package dev.penstock.runtime.logging;

import dev.penstock.runtime.telemetry.TraceIds;
import java.lang.ScopedValue.CallableOp;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * What is known of everything that is logged while a call or a request runs, on its thread: as keys
 * of SLF4J's MDC. They are put there when something is logged, so that the many that log nothing
 * pay nothing.
 */
public final class LogContext {
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

  private static final ScopedValue<LogContext> CURRENT = ScopedValue.newInstance();

  private final @Nullable Object job;
  private final int attempt;
  private final Supplier<String> traceparent;
  private final @Nullable String correlation;
  private boolean isKnown;

  private LogContext(
      @Nullable Object job,
      int attempt,
      Supplier<String> traceparent,
      @Nullable String correlation) {
    this.job = job;
    this.attempt = attempt;
    this.traceparent = traceparent;
    this.correlation = correlation;
  }

  /**
   * Makes a call for a job.
   *
   * @param job its id; asked for its text when something is logged
   * @param traceparent the trace context that the call stands in, or empty; asked when something is
   *     logged
   */
  public static <T, X extends Throwable> T ofCall(
      Object job, int attempt, Supplier<String> traceparent, CallableOp<T, X> body) throws X {
    return new LogContext(job, attempt, traceparent, null).around(body);
  }

  /**
   * Answers a request.
   *
   * @param correlation what the client calls it, as it came, or null
   */
  public static <T, X extends Throwable> T ofRequest(
      String traceparent, @Nullable String correlation, CallableOp<T, X> body) throws X {
    return new LogContext(null, 0, () -> traceparent, correlation).around(body);
  }

  private <T, X extends Throwable> T around(CallableOp<T, X> body) throws X {
    try {
      return ScopedValue.where(CURRENT, this).call(body);
    } finally {
      if (isKnown) {
        MDC.clear();
      }
    }
  }

  /** Something is about to be logged on this thread. */
  static void make() {
    if (CURRENT.isBound()) {
      CURRENT.get().known();
    }
  }

  private void known() {
    if (isKnown) {
      return;
    }
    isKnown = true;
    if (job != null) {
      MDC.put(JOB, job.toString());
      MDC.put(ATTEMPT, String.valueOf(attempt));
    }
    String context = traceparent.get();
    String trace = TraceIds.trace(context);
    if (!trace.isEmpty()) {
      MDC.put(TRACE, trace);
      MDC.put(SPAN, TraceIds.span(context));
    }
    String id = correlation == null ? "" : cleaned(correlation);
    if (!id.isEmpty()) {
      MDC.put(CORRELATION, id);
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
}
