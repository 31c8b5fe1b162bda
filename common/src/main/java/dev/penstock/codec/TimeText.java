package dev.penstock.codec;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;

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

  private static final long SECONDS_OF_A_DAY = 86_400;

  /** The first second of the year 10000: from there on a year has more digits. */
  private static final long AFTER_MAX_YEAR = 253_402_300_800L;

  /** Nanoseconds in a unit of one, two and three groups of three digits. */
  private static final int[] SCALES = {0, 1_000_000, 1_000, 1};

  private static final int NANO_DIGITS = 9;

  /** Numbers of up to this many digits fit an int. */
  private static final int MAX_NUMBER_DIGITS = 9;

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
    if (seconds < 0 || seconds >= AFTER_MAX_YEAR) {
      return instant.toString();
    }
    // The proleptic calendar in whole numbers, after Howard Hinnant, "chrono-Compatible Low-Level
    // Date Algorithms" (civil_from_days): years begin in March, so that the leap day is their last.
    int days = (int) (seconds / SECONDS_OF_A_DAY) + 719_468;
    int era = days / 146_097;
    int dayOfEra = days - era * 146_097;
    int yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
    int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    int monthFromMarch = (5 * dayOfYear + 2) / 153;
    int day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
    int month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
    int year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    int time = (int) (seconds % SECONDS_OF_A_DAY);
    var text = new byte[LONGEST];
    digits(text, 0, year, 4);
    text[4] = '-';
    digits(text, 5, month, 2);
    text[7] = '-';
    digits(text, 8, day, 2);
    text[10] = 'T';
    digits(text, 11, time / 3_600, 2);
    text[13] = ':';
    digits(text, 14, time / 60 % 60, 2);
    text[16] = ':';
    digits(text, 17, time % 60, 2);
    int length = 19;
    int nano = instant.getNano();
    if (nano != 0) {
      int groups = nano % 1_000_000 == 0 ? 1 : nano % 1_000 == 0 ? 2 : 3;
      text[19] = '.';
      digits(text, 20, nano / SCALES[groups], 3 * groups);
      length += 1 + 3 * groups;
    }
    text[length] = 'Z';
    return new String(text, 0, length + 1, StandardCharsets.ISO_8859_1);
  }

  static String text(Duration duration) {
    long seconds = duration.getSeconds();
    int nano = duration.getNano();
    if (seconds < 0 || seconds >= 60 || nano == 0) {
      return duration.toString();
    }
    int digits = NANO_DIGITS;
    while (nano % 10 == 0) {
      nano /= 10;
      digits--;
    }
    int point = seconds < 10 ? 3 : 4;
    var text = new byte[point + 1 + digits + 1];
    text[0] = 'P';
    text[1] = 'T';
    digits(text, 2, (int) seconds, point - 2);
    text[point] = '.';
    digits(text, point + 1, nano, digits);
    text[point + 1 + digits] = 'S';
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  /**
   * @throws DateTimeException when it is no duration
   */
  static Duration duration(String text) {
    int length = text.length();
    if (length < 4 || !text.startsWith("PT")) {
      return Duration.parse(text);
    }
    long seconds = 0;
    int nano = 0;
    // Units have to come in order, each at most once.
    char last = 0;
    int at = 2;
    while (at < length) {
      int end = at;
      while (end < length && isDigit(text.charAt(end))) {
        end++;
      }
      if (end == at || end - at > MAX_NUMBER_DIGITS || end == length) {
        return Duration.parse(text);
      }
      int number = number(text, at, end);
      char unit = text.charAt(end);
      if (unit == '.') {
        nano = text.charAt(length - 1) == 'S' ? fraction(text, end + 1, length - 1) : -1;
        unit = 'S';
        end = length - 1;
      }
      int scale = unit == 'H' ? 3_600 : unit == 'M' ? 60 : unit == 'S' ? 1 : 0;
      if (scale == 0 || unit <= last || nano < 0) {
        return Duration.parse(text);
      }
      last = unit;
      seconds += (long) number * scale;
      at = end + 1;
    }
    return Duration.ofSeconds(seconds, nano);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
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
    if (to - from > NANO_DIGITS || to <= from) {
      return -1;
    }
    int number = number(text, from, to);
    for (int i = to - from; number > 0 && i < NANO_DIGITS; i++) {
      number *= 10;
    }
    return number;
  }

  /** Writes a number in decimal, {@code count} digits from {@code at} on. */
  private static void digits(byte[] text, int at, int number, int count) {
    int rest = number;
    for (int i = at + count - 1; i >= at; i--) {
      text[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }
}
