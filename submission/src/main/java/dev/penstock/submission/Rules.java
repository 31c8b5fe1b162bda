package dev.penstock.submission;

import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.Job;
import dev.penstock.job.Ordering;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the contract's schemas say about single values, in Java. */
final class Rules {
  static final int MAX_KEY_CHARS = 255;

  private static final Pattern DATE_TIME =
      Pattern.compile(
          "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
              + "(\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-7]):[0-5][0-9])");
  private static final int MAX_DATE_TIME_CHARS = 35;
  private static final int MAX_DURATION_CHARS = 9;
  private static final int MAX_DELAY_CHARS = 12;

  private Rules() {}

  /** Whether every surrogate has its other half: only then can the text be written as UTF-8. */
  static boolean isUnicode(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (!Character.isHighSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  static boolean isModel(String text) {
    int colon = text.indexOf(':');
    return !text.isEmpty()
        && text.length() <= Job.MAX_MODEL_CHARS
        && colon != 0
        && colon != text.length() - 1
        && isWithin(text, '!');
  }

  static boolean isIdempotencyKey(String text) {
    return !text.isEmpty() && text.length() <= MAX_KEY_CHARS && isWithin(text, ' ');
  }

  /** What {@code text} names, or null. */
  static Ordering.@Nullable OnDeadLetter onDeadLetter(String text) {
    for (Ordering.OnDeadLetter each : Ordering.OnDeadLetter.values()) {
      if (each.wireName().equals(text)) {
        return each;
      }
    }
    return null;
  }

  /** The ordering that a submission asks for, or null. */
  static @Nullable Ordering ordering(
      @Nullable String key, Ordering.@Nullable OnDeadLetter onDeadLetter) {
    return key == null
        ? null
        : new Ordering(key, onDeadLetter == null ? Ordering.OnDeadLetter.RELEASE : onDeadLetter);
  }

  private static boolean isWithin(String text, char lowest) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < lowest || c > '~') {
        return false;
      }
    }
    return true;
  }

  /** The duration that {@code text} spells, or null: {@code 500ms}, {@code 30s}, {@code 5m}. */
  static @Nullable Duration duration(String text) {
    return text.length() > MAX_DURATION_CHARS || text.endsWith("h") || text.endsWith("d")
        ? null
        : upTo(Job.MAX_ATTEMPT_TIMEOUT, text);
  }

  /** The delay that {@code text} spells, or null: hours and days as well, up to 30 days. */
  static @Nullable Duration delay(String text) {
    return text.length() > MAX_DELAY_CHARS ? null : upTo(Job.MAX_DELAY, text);
  }

  /** The time to live that {@code text} spells, or null: 1 s to 30 days. */
  static @Nullable Duration cacheTtl(String text) {
    Duration ttl = delay(text);
    return ttl == null
            || ttl.compareTo(CacheRule.MIN_TTL) < 0
            || ttl.compareTo(CacheRule.MAX_TTL) > 0
        ? null
        : ttl;
  }

  /** What an object of these asks for; null where it says nothing. */
  static @Nullable CacheRule cacheRule(@Nullable Duration ttl, List<String> tags) {
    return ttl == null && tags.isEmpty()
        ? null
        : new CacheRule(true, ttl, tags.stream().map(CacheTag::new).toList());
  }

  /** Whether the two bounds of a retry's delays, where both are given, are in order. */
  static boolean isOrdered(@Nullable Duration baseDelay, @Nullable Duration maxDelay) {
    return baseDelay == null || maxDelay == null || baseDelay.compareTo(maxDelay) <= 0;
  }

  private static @Nullable Duration upTo(Duration longest, String text) {
    int length = text.length();
    if (length < 2 || text.charAt(0) == '0') {
      return null;
    }
    int digits = 0;
    long amount = 0;
    while (digits < length && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      amount = amount * 10 + (text.charAt(digits) - '0');
      digits++;
    }
    if (digits == 0) {
      return null;
    }
    Duration duration =
        switch (text.substring(digits)) {
          case "ms" -> Duration.ofMillis(amount);
          case "s" -> Duration.ofSeconds(amount);
          case "m" -> Duration.ofMinutes(amount);
          case "h" -> Duration.ofHours(amount);
          case "d" -> Duration.ofDays(amount);
          default -> null;
        };
    return duration == null || duration.compareTo(longest) > 0 ? null : duration;
  }

  /** The instant that {@code text} spells in RFC 3339, or null; 30 February is none. */
  static @Nullable Instant instant(String text) {
    if (text.length() > MAX_DATE_TIME_CHARS || !DATE_TIME.matcher(text).matches()) {
      return null;
    }
    try {
      return OffsetDateTime.parse(text, DateTimeFormatter.ISO_OFFSET_DATE_TIME).toInstant();
    } catch (DateTimeException _) {
      return null;
    }
  }
}
