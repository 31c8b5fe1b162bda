package dev.penstock.http;

import dev.penstock.provider.Quota;
import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What headers say of limits: those of OpenAI ({@code x-ratelimit-*}) and of Anthropic ({@code
 * anthropic-ratelimit-*}), whichever are there. What can't be read says nothing.
 *
 * @param requests of calls, or null
 * @param tokens of tokens, or null
 * @param retryAfter what the provider asks to wait; zero where it asks for nothing
 */
record RateLimits(@Nullable Quota requests, @Nullable Quota tokens, Duration retryAfter) {
  private static final Pattern NUMBER = Pattern.compile("\\d{1,15}(\\.\\d{1,9})?");
  private static final Pattern SPAN =
      Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|us|µs|ns|[dhms])");

  /** Above it a number is the seconds since 1970, not how many to wait: 31 years. */
  private static final double EPOCH_SECONDS = 1e9;

  private static final double EPOCH_MILLIS = 1e12;

  /** Reads the headers of an answer that came at {@code now}. */
  static RateLimits read(HttpHeaders headers, Instant now) {
    Quota requests = openAi(headers, "requests", now);
    Quota tokens = openAi(headers, "tokens", now);
    return new RateLimits(
        requests == null ? anthropic(headers, "requests", now) : requests,
        tokens == null ? anthropic(headers, "tokens", now) : tokens,
        retryAfter(headers, now));
  }

  /**
   * How long to wait after having been refused for the rate: what the provider asks for, else until
   * the limit that is used up is there again, else zero.
   */
  Duration waitWhenThrottled() {
    if (!retryAfter.isZero()) {
      return retryAfter;
    }
    Duration forRequests = untilFreed(requests);
    Duration forTokens = untilFreed(tokens);
    return forRequests.compareTo(forTokens) > 0 ? forRequests : forTokens;
  }

  private static Duration untilFreed(@Nullable Quota quota) {
    if (quota == null || quota.remaining() == null || quota.remaining() > 0) {
      return Duration.ZERO;
    }
    return quota.resetAfter() == null ? Duration.ZERO : quota.resetAfter();
  }

  private static Duration retryAfter(HttpHeaders headers, Instant now) {
    String millis = value(headers, "retry-after-ms");
    if (millis != null && NUMBER.matcher(millis).matches()) {
      return seconds(Double.parseDouble(millis) / 1_000);
    }
    String text = value(headers, "retry-after");
    if (text == null) {
      return Duration.ZERO;
    }
    if (NUMBER.matcher(text).matches()) {
      return seconds(Double.parseDouble(text));
    }
    try {
      return until(
          ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant(), now);
    } catch (DateTimeException _) {
      return Duration.ZERO;
    }
  }

  private static @Nullable Quota openAi(HttpHeaders headers, String what, Instant now) {
    return quota(
        count(headers, "x-ratelimit-limit-" + what),
        count(headers, "x-ratelimit-remaining-" + what),
        reset(value(headers, "x-ratelimit-reset-" + what), now));
  }

  private static @Nullable Quota anthropic(HttpHeaders headers, String what, Instant now) {
    String prefix = "anthropic-ratelimit-" + what;
    return quota(
        count(headers, prefix + "-limit"),
        count(headers, prefix + "-remaining"),
        reset(value(headers, prefix + "-reset"), now));
  }

  private static @Nullable Quota quota(
      @Nullable Long limit, @Nullable Long remaining, @Nullable Duration resetAfter) {
    return limit == null && remaining == null && resetAfter == null
        ? null
        : new Quota(limit, remaining, resetAfter);
  }

  private static @Nullable Long count(HttpHeaders headers, String name) {
    String text = value(headers, name);
    return text != null && NUMBER.matcher(text).matches() ? (long) Double.parseDouble(text) : null;
  }

  /**
   * {@code 6m0s}, {@code 20ms}, {@code 1.5} (seconds), seconds or milliseconds since 1970, or a
   * time of RFC 3339.
   */
  static @Nullable Duration reset(@Nullable String text, Instant now) {
    if (text == null || text.isEmpty()) {
      return null;
    }
    if (NUMBER.matcher(text).matches()) {
      double number = Double.parseDouble(text);
      if (number >= EPOCH_MILLIS) {
        return until(Instant.ofEpochMilli((long) number), now);
      }
      return number >= EPOCH_SECONDS
          ? until(Instant.ofEpochSecond((long) number), now)
          : seconds(number);
    }
    if (text.indexOf('T') > 0) {
      try {
        return until(ZonedDateTime.parse(text).toInstant(), now);
      } catch (DateTimeException _) {
        return null;
      }
    }
    return spans(text);
  }

  private static @Nullable Duration spans(String text) {
    Matcher span = SPAN.matcher(text);
    double seconds = 0;
    int end = 0;
    while (span.find() && span.start() == end) {
      seconds += Double.parseDouble(span.group(1)) * secondsOf(span.group(2));
      end = span.end();
    }
    return end == text.length() ? seconds(seconds) : null;
  }

  private static double secondsOf(String unit) {
    return switch (unit) {
      case "d" -> 86_400;
      case "h" -> 3_600;
      case "m" -> 60;
      case "s" -> 1;
      case "ms" -> 1e-3;
      case "ns" -> 1e-9;
      default -> 1e-6;
    };
  }

  private static Duration seconds(double seconds) {
    return Duration.ofMillis((long) Math.ceil(seconds * 1_000));
  }

  private static Duration until(Instant then, Instant now) {
    Duration left = Duration.between(now, then);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private static @Nullable String value(HttpHeaders headers, String name) {
    return headers.firstValue(name).map(String::strip).orElse(null);
  }
}
