package dev.penstock.runtime.ops;

import io.prometheus.metrics.tracer.common.SpanContext;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The trace that this thread works for while it records measurements: histograms keep its id as an
 * exemplar. It is read only when an exemplar is due, every few seconds, so telling it costs a write
 * to a thread local and no more. Whoever begins ends in a {@code finally}; there is no nesting.
 */
public final class CurrentTrace {
  /** {@code 00-TRACE-SPAN-FLAGS}, as W3C has it. */
  private static final int LENGTH = 55;

  private static final int TRACE = 3;
  private static final int TRACE_CHARS = 32;
  private static final int SPAN = 36;
  private static final int SPAN_CHARS = 16;

  private static final ThreadLocal<byte @Nullable []> TRACEPARENT = new ThreadLocal<>();

  private CurrentTrace() {}

  /**
   * From now on this thread works for it.
   *
   * @param traceparent the header's value in ASCII, not to be changed; null, or one that is not as
   *     W3C has it, for no trace
   */
  public static void begin(byte @Nullable [] traceparent) {
    TRACEPARENT.set(traceparent);
  }

  /** From now on this thread works for no trace. */
  public static void end() {
    TRACEPARENT.remove();
  }

  /** What the registry asks. */
  static SpanContext spanContext() {
    return new SpanContext() {
      @Override
      public @Nullable String getCurrentTraceId() {
        return part(TRACE, TRACE_CHARS);
      }

      @Override
      public @Nullable String getCurrentSpanId() {
        return part(SPAN, SPAN_CHARS);
      }

      // Every job has a trace id, and its view tells it, whether or not a trace is kept.
      @Override
      public boolean isCurrentSpanSampled() {
        return true;
      }

      @Override
      public void markCurrentSpanAsExemplar() {
        // Traces are not kept because of it.
      }
    };
  }

  private static @Nullable String part(int from, int chars) {
    byte[] traceparent = TRACEPARENT.get();
    if (traceparent == null || traceparent.length != LENGTH) {
      return null;
    }
    for (int i = from; i < from + chars; i++) {
      if (Character.digit(traceparent[i], 16) < 0) {
        return null;
      }
    }
    return new String(traceparent, from, chars, StandardCharsets.US_ASCII);
  }
}
