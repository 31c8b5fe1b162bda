package dev.penstock.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TimeTextTest {
  private static final long SEED = 7;

  @Test
  void instantsAreWrittenAndReadAsThePlatformDoes() {
    var random = new Random(SEED);
    long[] grains = {1, 1_000, 1_000_000, 1_000_000_000};
    for (int i = 0; i < 200_000; i++) {
      long seconds =
          random.nextInt(10) == 0
              ? random.nextLong(-99_999_999_999L, 999_999_999_999L)
              : random.nextLong(4_000_000_000L);
      long grain = grains[random.nextInt(4)];
      var instant = Instant.ofEpochSecond(seconds, random.nextInt(1_000_000_000) / grain * grain);
      assertThat(TimeText.text(instant)).isEqualTo(instant.toString());
      assertThat(TimeText.instant(instant.toString())).isEqualTo(instant);
    }
  }

  @Test
  void durationsAreWrittenAndReadAsThePlatformDoes() {
    var random = new Random(SEED);
    for (int i = 0; i < 200_000; i++) {
      long grain = random.nextBoolean() ? 1 : 1_000_000;
      var duration =
          Duration.ofSeconds(
              random.nextBoolean() ? random.nextLong(-70, 70) : random.nextLong(200_000),
              random.nextInt(1_000_000_000) / grain * grain);
      assertThat(TimeText.text(duration)).isEqualTo(duration.toString());
      assertThat(TimeText.duration(duration.toString())).isEqualTo(duration);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z.",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:0aZ",
        "",
        "Z",
        "٢٠٢٦-01-01T00:00:00Z"
      })
  void whatIsNoInstantIsRefused(String text) {
    assertThatThrownBy(() -> TimeText.instant(text)).isInstanceOf(DateTimeException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "PT",
        "PTS",
        "PT.5S",
        "PT1.S1",
        "PTaS",
        "30",
        "PT1.1234567890S",
        "PT1M1H",
        "PT1S1S",
        "PT1H1",
        "PT1H1.5M",
        "PT99999999999999999999S"
      })
  void whatIsNoDurationIsRefused(String text) {
    assertThatThrownBy(() -> TimeText.duration(text)).isInstanceOf(DateTimeException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00.5Z",
        "2026-01-01T00:00:00+01:00",
        "2016-12-31T23:59:60Z"
      })
  void unusualInstantsAreWhatThePlatformSays(String text) {
    assertThat(outcome(() -> TimeText.instant(text))).isEqualTo(outcome(() -> Instant.parse(text)));
  }

  private static String outcome(java.util.function.Supplier<Instant> reading) {
    try {
      return reading.get().toString();
    } catch (DateTimeException e) {
      return "refused";
    }
  }
}
