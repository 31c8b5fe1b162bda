package dev.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.provider.Quota;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RateLimitsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "6m0s, PT6M",
        "1s, PT1S",
        "20ms, PT0.02S",
        "1h2m3.5s, PT1H2M3.5S",
        "1d, PT24H",
        "500us, PT0.001S",
        "2, PT2S",
        "0.5, PT0.5S",
        "1795255260, PT1M",
        "1795255260000, PT1M",
        "2026-11-21T10:01:00Z, PT1M",
        "2026-11-21T11:01:00+01:00, PT1M",
        "2026-11-21T09:00:00Z, PT0S"
      })
  void resetsAreReadInEveryForm(String text, Duration expected) {
    assertThat(RateLimits.reset(text, NOW)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"soon", "6m soon", "-1", "1e9", "T", "m", "99999999999999999999"})
  void whatCannotBeReadSaysNothing(String text) {
    assertThat(RateLimits.reset(text, NOW)).isNull();
  }

  @Test
  void openAisHeadersAreRead() {
    RateLimits limits =
        read(
            Map.of(
                "x-ratelimit-limit-requests", "60",
                "x-ratelimit-remaining-requests", "59",
                "x-ratelimit-reset-requests", "1s",
                "x-ratelimit-limit-tokens", "150000",
                "x-ratelimit-remaining-tokens", "0",
                "x-ratelimit-reset-tokens", "6m0s"));
    assertThat(limits.requests()).isEqualTo(new Quota(60L, 59L, Duration.ofSeconds(1)));
    assertThat(limits.tokens()).isEqualTo(new Quota(150_000L, 0L, Duration.ofMinutes(6)));
    assertThat(limits.waitWhenThrottled()).isEqualTo(Duration.ofMinutes(6));
  }

  @Test
  void anthropicsHeadersAreRead() {
    RateLimits limits =
        read(
            Map.of(
                "anthropic-ratelimit-requests-limit", "50",
                "anthropic-ratelimit-requests-remaining", "0",
                "anthropic-ratelimit-requests-reset", "2026-11-21T10:00:02Z",
                "anthropic-ratelimit-tokens-limit", "40000",
                "retry-after", "7"));
    assertThat(limits.requests()).isEqualTo(new Quota(50L, 0L, Duration.ofSeconds(2)));
    assertThat(limits.tokens()).isEqualTo(new Quota(40_000L, null, null));
    assertThat(limits.waitWhenThrottled()).as("what is asked for").hasSeconds(7);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "retry-after|3|PT3S",
        "retry-after|0.25|PT0.25S",
        "retry-after|Sat, 21 Nov 2026 10:00:30 GMT|PT30S",
        "retry-after|Sat, 21 Nov 2026 09:00:30 GMT|PT0S",
        "retry-after|later|PT0S",
        "retry-after|-5|PT0S",
        "retry-after-ms|1500|PT1.5S"
      })
  void retryAfterIsSecondsOrADate(String header, String value, Duration expected) {
    assertThat(read(Map.of(header, value)).retryAfter()).isEqualTo(expected);
  }

  @Test
  void noHeadersSayNothing() {
    assertThat(read(Map.of())).isEqualTo(new RateLimits(null, null, Duration.ZERO));
  }

  private static RateLimits read(Map<String, String> headers) {
    return RateLimits.read(
        HttpHeaders.of(
            headers.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> List.of(e.getValue()))),
            (_, _) -> true),
        NOW);
  }
}
