package dev.penstock.codec;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * Instants and durations as ISO 8601 text, the same text that {@link Instant#toString} and {@link
 * Duration#toString} write. The shapes that records hold are read and written by hand, because the
 * formatters of the platform took a third of the time of reading a record (measured with {@code
 * ./penstock bench worker}); every other shape goes to the platform.
 */
final class TimeText {
  /** {@code 2026-11-21T08:00:00Z}. */
  private static final int SHORTEST = 20;

  /** The same with nine digits of fraction. */
  private static final int LONGEST = 30;

  private static final int MAX_YEAR = 9_999;
  private static final int NANO_DIGITS = 9;

  /** Seconds of up to this many digits fit a long with room to spare. */
  private static final int MAX_SECOND_DIGITS = 12;

  private TimeText() {}

  /**
   * @throws DateTimeException when it is no instant
   */
  static Instant instant(String text) {
    int length = text.length();
    if (length < SHORTEST
        || length > LONGEST
        || text.charAt(length - 1) != 'Z'
        || !hasSeparators(text)) {
      return Instant.parse(text);
    }
    int nano = 0;
    if (length > SHORTEST) {
      int digits = length - SHORTEST - 1;
      if (digits < 1 || text.charAt(SHORTEST - 1) != '.') {
        return Instant.parse(text);
      }
      nano = fraction(text, SHORTEST, length - 1);
    }
    int year = number(text, 0, 4);
    int month = number(text, 5, 7);
    int day = number(text, 8, 10);
    int hour = number(text, 11, 13);
    int minute = number(text, 14, 16);
    int second = number(text, 17, 19);
    if ((year | month | day | hour | minute | second | nano) < 0
        || hour > 23
        || minute > 59
        || second > 59) {
      return Instant.parse(text);
    }
    long days = LocalDate.of(year, month, day).toEpochDay();
    return Instant.ofEpochSecond(days * 86_400 + hour * 3_600L + minute * 60L + second, nano);
  }

  private static boolean hasSeparators(String text) {
    return text.charAt(4) == '-'
        && text.charAt(7) == '-'
        && text.charAt(10) == 'T'
        && text.charAt(13) == ':'
        && text.charAt(16) == ':';
  }

  static String text(Instant instant) {
    long seconds = instant.getEpochSecond();
    if (seconds < 0) {
      return instant.toString();
    }
    var time = LocalDateTime.ofEpochSecond(seconds, 0, ZoneOffset.UTC);
    if (time.getYear() > MAX_YEAR) {
      return instant.toString();
    }
    var text = new StringBuilder(LONGEST);
    digits(text, time.getYear(), 4).append('-');
    digits(text, time.getMonthValue(), 2).append('-');
    digits(text, time.getDayOfMonth(), 2).append('T');
    digits(text, time.getHour(), 2).append(':');
    digits(text, time.getMinute(), 2).append(':');
    digits(text, time.getSecond(), 2);
    int nano = instant.getNano();
    if (nano != 0) {
      text.append('.');
      if (nano % 1_000_000 == 0) {
        digits(text, nano / 1_000_000, 3);
      } else if (nano % 1_000 == 0) {
        digits(text, nano / 1_000, 6);
      } else {
        digits(text, nano, NANO_DIGITS);
      }
    }
    return text.append('Z').toString();
  }

  /**
   * @throws DateTimeException when it is no duration
   */
  static Duration duration(String text) {
    int length = text.length();
    if (length < 4 || !text.startsWith("PT") || text.charAt(length - 1) != 'S') {
      return Duration.parse(text);
    }
    int point = text.indexOf('.', 2);
    int end = point < 0 ? length - 1 : point;
    boolean plain =
        end > 2 && end - 2 <= MAX_SECOND_DIGITS && (point < 0 || (length - 1 - point - 1) >= 1);
    long seconds = 0;
    for (int i = 2; plain && i < end; i++) {
      char digit = text.charAt(i);
      plain = digit >= '0' && digit <= '9';
      seconds = seconds * 10 + (digit - '0');
    }
    int nano = point < 0 || !plain ? 0 : fraction(text, point + 1, length - 1);
    return plain && nano >= 0 ? Duration.ofSeconds(seconds, nano) : Duration.parse(text);
  }

  /** The number in {@code [from, to)}, or -1 where something else than digits stands there. */
  private static int number(String text, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      char digit = text.charAt(i);
      if (digit < '0' || digit > '9') {
        return -1;
      }
      number = number * 10 + (digit - '0');
    }
    return number;
  }

  /** The digits in {@code [from, to)} as nanoseconds, or -1. */
  private static int fraction(String text, int from, int to) {
    if (to - from > NANO_DIGITS) {
      return -1;
    }
    int number = number(text, from, to);
    for (int i = to - from; number > 0 && i < NANO_DIGITS; i++) {
      number *= 10;
    }
    return number;
  }

  private static StringBuilder digits(StringBuilder text, int number, int count) {
    int divisor = 1;
    for (int i = 1; i < count; i++) {
      divisor *= 10;
    }
    for (int rest = divisor; rest > 0; rest /= 10) {
      text.append((char) ('0' + number / rest % 10));
    }
    return text;
  }
}
