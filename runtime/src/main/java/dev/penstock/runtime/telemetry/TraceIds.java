package dev.penstock.runtime.telemetry;

/** The ids within a W3C trace context, {@code 00-TRACE-SPAN-FLAGS}. */
public final class TraceIds {
  private static final int LENGTH = 55;
  private static final int TRACE = 3;
  private static final int TRACE_END = 35;
  private static final int SPAN = 36;
  private static final int SPAN_END = 52;

  private TraceIds() {}

  /** The trace: 32 hexadecimal digits, or empty where it is no trace context. */
  public static String trace(String traceparent) {
    return isContext(traceparent) ? traceparent.substring(TRACE, TRACE_END) : "";
  }

  /** The span: 16 hexadecimal digits, or empty where it is no trace context. */
  public static String span(String traceparent) {
    return isContext(traceparent) ? traceparent.substring(SPAN, SPAN_END) : "";
  }

  /** The last two digits: whether who sent it keeps the trace. */
  static String flags(String traceparent) {
    return traceparent.substring(SPAN_END + 1);
  }

  static boolean isContext(String text) {
    if (text.length() != LENGTH || !text.startsWith("00-")) {
      return false;
    }
    for (int i = TRACE; i < LENGTH; i++) {
      char c = text.charAt(i);
      boolean dash = i == TRACE_END || i == SPAN_END;
      if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
        return false;
      }
    }
    return true;
  }
}
