package dev.penstock.streams.figures;

import java.time.Duration;

/**
 * How long windows are kept after their end, by the broker's clock.
 *
 * @param tenSeconds those of ten seconds
 * @param minute those of a minute
 * @param hour those of an hour, and the times of failures
 */
public record Retentions(Duration tenSeconds, Duration minute, Duration hour) {
  public static final Retentions DEFAULT =
      new Retentions(Duration.ofHours(2), Duration.ofDays(2), Duration.ofDays(35));

  public Duration of(WindowSize size) {
    return switch (size) {
      case TEN_SECONDS -> tenSeconds;
      case MINUTE -> minute;
      case HOUR -> hour;
    };
  }
}
