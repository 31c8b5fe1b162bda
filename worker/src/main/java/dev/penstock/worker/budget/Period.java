package dev.penstock.worker.budget;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** What a budget is for: an hour, a day or a month of the calendar, in UTC. */
public enum Period {
  HOUR("per-hour", "hour"),
  DAY("per-day", "day"),
  MONTH("per-month", "month");

  private final String setting;
  private final String word;

  Period(String setting, String word) {
    this.setting = setting;
    this.word = word;
  }

  /** The last part of its setting. */
  String setting() {
    return setting;
  }

  /** For people, and its label in metrics. */
  String word() {
    return word;
  }

  /**
   * One hour, day or month.
   *
   * @param name as it stands in reports
   * @param start its first moment
   * @param end the first moment after it
   */
  record Window(Period period, String name, Instant start, Instant end) {
    boolean contains(Instant at) {
      return !at.isBefore(start) && at.isBefore(end);
    }

    /** The one of that name, or nothing. */
    static Optional<Window> parse(String name) {
      try {
        return switch (name.length()) {
          case 13 ->
              Optional.of(HOUR.at(LocalDateTime.parse(name + ":00").toInstant(ZoneOffset.UTC)));
          case 10 ->
              Optional.of(DAY.at(LocalDate.parse(name).atStartOfDay().toInstant(ZoneOffset.UTC)));
          case 7 ->
              Optional.of(
                  MONTH.at(
                      YearMonth.parse(name).atDay(1).atStartOfDay().toInstant(ZoneOffset.UTC)));
          default -> Optional.empty();
        };
      } catch (DateTimeException _) {
        return Optional.empty();
      }
    }
  }

  /** The one that {@code instant} is in. */
  Window at(Instant instant) {
    LocalDateTime time = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
    LocalDateTime start =
        switch (this) {
          case HOUR -> time.truncatedTo(ChronoUnit.HOURS);
          case DAY -> time.truncatedTo(ChronoUnit.DAYS);
          case MONTH -> time.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1);
        };
    LocalDateTime end =
        switch (this) {
          case HOUR -> start.plusHours(1);
          case DAY -> start.plusDays(1);
          case MONTH -> start.plusMonths(1);
        };
    String day = start.toLocalDate().toString();
    String name =
        switch (this) {
          case HOUR -> start.toString().substring(0, 13);
          case DAY -> day;
          case MONTH -> day.substring(0, 7);
        };
    return new Window(this, name, start.toInstant(ZoneOffset.UTC), end.toInstant(ZoneOffset.UTC));
  }
}
