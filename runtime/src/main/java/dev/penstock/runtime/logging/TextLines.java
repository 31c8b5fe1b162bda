package dev.penstock.runtime.logging;

import ch.qos.logback.classic.pattern.TargetLengthBasedClassNameAbbreviator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Log events for people. Whatever a message holds, only the beginning of an event looks like one:
 * further lines are set off, and what would move a terminal's cursor is spelt out. Thread-safe.
 */
final class TextLines {
  /** What no line begins with but one that goes on with the one before. */
  static final String FURTHER = "    | ";

  private static final int MAX_CAUSES = 10;
  private static final int MAX_FRAMES = 100;
  private static final int LOGGER_CHARS = 24;

  /** In this order; what there is. */
  private static final List<String> SHOWN =
      List.of(
          LogContext.JOB,
          LogContext.ATTEMPT,
          LogContext.TRACE,
          LogContext.SPAN,
          LogContext.CORRELATION);

  private final DateTimeFormatter time =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

  private final TargetLengthBasedClassNameAbbreviator names =
      new TargetLengthBasedClassNameAbbreviator(LOGGER_CHARS);

  String line(ILoggingEvent event) {
    var out = new StringBuilder(200);
    time.formatTo(Instant.ofEpochMilli(event.getTimeStamp()), out);
    String level = event.getLevel().toString();
    out.append(' ').append(level).append(level.length() < 5 ? "  " : " ");
    out.append(names.abbreviate(event.getLoggerName())).append(" - ");
    clean(String.valueOf(event.getFormattedMessage()), out);
    context(event.getMDCPropertyMap(), out);
    out.append('\n');
    throwable(event.getThrowableProxy(), "", 0, out);
    return out.toString();
  }

  private static void context(@Nullable Map<String, String> known, StringBuilder out) {
    if (known == null || known.isEmpty()) {
      return;
    }
    String before = " [";
    for (String key : SHOWN) {
      String value = known.get(key);
      if (value != null) {
        out.append(before).append(key).append('=');
        clean(value, out);
        before = " ";
      }
    }
    if (before.equals(" ")) {
      out.append(']');
    }
  }

  private static void throwable(
      @Nullable IThrowableProxy thrown, String before, int depth, StringBuilder out) {
    if (thrown == null || depth == MAX_CAUSES) {
      return;
    }
    out.append(FURTHER).append(before).append(thrown.getClassName());
    if (thrown.getMessage() != null) {
      out.append(": ");
      clean(thrown.getMessage(), out);
    }
    out.append('\n');
    StackTraceElementProxy[] frames = thrown.getStackTraceElementProxyArray();
    int own = frames.length - thrown.getCommonFrames();
    for (int i = 0; i < Math.min(own, MAX_FRAMES); i++) {
      out.append(FURTHER).append("  ").append(frames[i]).append('\n');
    }
    for (IThrowableProxy suppressed : thrown.getSuppressed()) {
      throwable(suppressed, "suppressed: ", depth + 1, out);
    }
    throwable(thrown.getCause(), "caused by: ", depth + 1, out);
  }

  private static void clean(String text, StringBuilder out) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        out.append('\n').append(FURTHER);
      } else if (c == '\t') {
        out.append(' ');
      } else if (isHarmless(c)) {
        out.append(c);
      } else {
        out.append("\\u").append(HexFormat.of().toHexDigits(c));
      }
    }
  }

  /** Neither a control character, nor one that ends lines or turns their direction. */
  private static boolean isHarmless(char c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
