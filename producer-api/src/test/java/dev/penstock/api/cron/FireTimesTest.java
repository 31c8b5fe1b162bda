package dev.penstock.api.cron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class FireTimesTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
  private static final int CASES = 80;
  private static final Duration SPAN = Duration.ofDays(9);

  /**
   * With offsets that change by an hour, half an hour, two hours and a day, and one that has none.
   */
  private static final List<String> ZONES =
      List.of(
          "Europe/Berlin",
          "America/New_York",
          "America/Sao_Paulo",
          "Australia/Lord_Howe",
          "Antarctica/Troll",
          "Pacific/Apia",
          "Asia/Kathmandu",
          "UTC");

  @Test
  void aDailyTimeThatSpringLeavesOutFiresAnHourLater() {
    assertThat(local("30 2 * * *", "2026-03-28T00:00:00", 3))
        .containsExactly(
            "2026-03-28T02:30+01:00", "2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00");
  }

  @Test
  void aDailyTimeThatAutumnRepeatsFiresTheFirstTimeOnly() {
    assertThat(local("30 2 * * *", "2026-10-24T00:00:00", 3))
        .containsExactly(
            "2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00");
  }

  @Test
  void whatFiresOnceADayDoesSoOnEveryDayOfFourYearsInEveryZone() {
    for (String zone : ZONES) {
      FireTimes times = FireTimes.of("30 2 * * *", ZoneId.of(zone));
      var noon = LocalDateTime.parse("2012-01-01T12:00:00");
      Instant time = noon.atZone(ZoneId.of(zone)).toInstant();
      LocalDate day = noon.toLocalDate();
      for (int i = 0; i < 1_461; i++) {
        time = times.after(time).orElseThrow();
        day = day.plusDays(1);
        assertThat(time.atZone(ZoneId.of(zone)).toLocalDate()).as(zone).isEqualTo(day);
      }
    }
  }

  @Test
  void whatFiresEveryHourGoesOnByTheHourWhateverTheClockShows() {
    FireTimes times = FireTimes.of("10 * * * *", BERLIN);
    for (String around : List.of("2026-03-28T20:10:00Z", "2026-10-24T20:10:00Z")) {
      Instant time = Instant.parse(around);
      for (int i = 0; i < 12; i++) {
        Instant next = times.after(time).orElseThrow();
        assertThat(Duration.between(time, next)).isEqualTo(Duration.ofHours(1));
        time = next;
      }
    }
  }

  @Test
  void secondsAreAFieldInFront() {
    assertThat(local("*/20 0 12 * * *", "2026-05-01T00:00:00", 4))
        .containsExactly(
            "2026-05-01T12:00+02:00",
            "2026-05-01T12:00:20+02:00",
            "2026-05-01T12:00:40+02:00",
            "2026-05-02T12:00+02:00");
  }

  @Test
  void namesStandForWhatTheySay() {
    assertThat(local("@weekly", "2026-05-01T00:00:00", 2))
        .containsExactly("2026-05-03T00:00+02:00", "2026-05-10T00:00+02:00");
    assertThat(local("0 9 * JAN mon-wed", "2026-05-01T00:00:00", 1))
        .containsExactly("2027-01-04T09:00+01:00");
  }

  @Test
  void aRareDayIsFoundAndAnImpossibleOneIsNot() {
    Instant now = Instant.parse("2096-03-01T00:00:00Z");
    assertThat(FireTimes.of("0 0 29 2 *", ZoneOffset.UTC).after(now))
        .contains(Instant.parse("2104-02-29T00:00:00Z"));
    assertThat(FireTimes.of("0 0 30 2 *", BERLIN).after(now)).isEmpty();
    assertThat(FireTimes.of("0 0 31 4,6,9,11 *", BERLIN).after(now)).isEmpty();
  }

  @Test
  void theNewestTimesOfALongTimeAreTheLastOnes() {
    FireTimes times = FireTimes.of("* * * * * *", BERLIN);
    Instant now = Instant.parse("2026-05-01T00:00:00Z");
    assertThat(times.newest(now.minus(Duration.ofDays(300)), now, 3))
        .containsExactly(now.minusSeconds(2), now.minusSeconds(1), now);
    assertThat(times.newest(now.minusSeconds(2), now, 3)).containsExactly(now.minusSeconds(1), now);
    assertThat(FireTimes.of("0 0 29 2 *", BERLIN).newest(Instant.EPOCH, now, 2))
        .containsExactly(
            Instant.parse("2020-02-28T23:00:00Z"), Instant.parse("2024-02-28T23:00:00Z"));
  }

  @Test
  void whatIsNoExpressionIsRefusedWithTheReason() {
    for (String wrong :
        List.of(
            "",
            "x",
            "* * * *",
            "* * * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-3 * * * *",
            "*/0 * * * *",
            "@reboot",
            "1,,2 * * * *",
            "-1 * * * *",
            "* * L * *",
            "9".repeat(201))) {
      assertThatThrownBy(() -> FireTimes.of(wrong, BERLIN))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("Failed to parse");
    }
  }

  /** Every change of an offset is looked at, minute by minute, with expressions made at random. */
  @Test
  void theTimesAreThoseThatGoingMinuteByMinuteFinds() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    for (int i = 0; i < CASES; i++) {
      var zone = ZoneId.of(ZONES.get(random.nextInt(ZONES.size())));
      var expression = Expression.random(random);
      Instant from = start(zone, random);
      Instant until = from.plus(SPAN);
      assertThat(FireTimes.of(expression.text(), zone).oldest(from, until, Integer.MAX_VALUE))
          .as("seed %d: %s in %s from %s", seed, expression.text(), zone, from)
          .containsExactlyElementsOf(minuteByMinute(expression, zone, from, until));
    }
  }

  /** Mostly a few days before a change of the offset. */
  private static Instant start(ZoneId zone, Random random) {
    Instant any =
        Instant.parse("2008-01-01T00:00:00Z").plus(Duration.ofMinutes(random.nextInt(10_000_000)));
    ZoneOffsetTransition change = zone.getRules().nextTransition(any);
    return change == null || random.nextInt(10) == 0
        ? any
        : change.getInstant().minus(Duration.ofMinutes(random.nextInt(8 * 24 * 60)));
  }

  private static Set<Instant> minuteByMinute(
      Expression expression, ZoneId zone, Instant after, Instant until) {
    var found = new TreeSet<Instant>();
    var rules = zone.getRules();
    // From before, because a gap moves times to later.
    Instant first = after.minus(Duration.ofDays(2));
    for (Instant time = first; !time.isAfter(until); time = time.plusSeconds(60)) {
      LocalDateTime shown = LocalDateTime.ofInstant(time, rules.getOffset(time));
      boolean secondTime =
          rules.getTransition(shown) != null
              && !rules.getOffset(shown).equals(rules.getOffset(time));
      if (expression.matches(shown) && (expression.everyHour() || !secondTime)) {
        found.add(time);
      }
    }
    for (ZoneOffsetTransition change = rules.nextTransition(first);
        change != null && !change.getInstant().isAfter(until);
        change = rules.nextTransition(change.getInstant())) {
      if (change.isGap()) {
        for (LocalDateTime missing = change.getDateTimeBefore();
            missing.isBefore(change.getDateTimeAfter());
            missing = missing.plusMinutes(1)) {
          if (expression.matches(missing)) {
            // Java moves a local time that is left out by the length of the gap.
            found.add(ZonedDateTime.of(missing, zone).toInstant());
          }
        }
      }
    }
    return new TreeSet<>(found.tailSet(after, false).headSet(until, true));
  }

  private static List<String> local(String cron, String from, int count) {
    FireTimes times = FireTimes.of(cron, BERLIN);
    var found = new ArrayList<String>();
    Optional<Instant> time = Optional.of(LocalDateTime.parse(from).atZone(BERLIN).toInstant());
    for (int i = 0; i < count; i++) {
      time = times.after(time.orElseThrow());
      found.add(time.orElseThrow().atZone(BERLIN).toOffsetDateTime().toString());
    }
    return found;
  }

  /** An expression with the sets that its fields mean. */
  private record Expression(List<Field> fields) {
    static Expression random(Random random) {
      return new Expression(
          List.of(
              Field.random(random, 0, 59, 0.2),
              Field.random(random, 0, 23, 0.3),
              Field.random(random, 1, 31, 0.6),
              Field.random(random, 1, 12, 0.7),
              Field.random(random, 0, 6, 0.6)));
    }

    String text() {
      return fields.stream().map(Field::text).collect(Collectors.joining(" "));
    }

    boolean everyHour() {
      return fields.get(1).text().equals("*");
    }

    boolean matches(LocalDateTime time) {
      boolean dayOfMonth = fields.get(2).has(time.getDayOfMonth());
      boolean dayOfWeek = fields.get(4).has(time.getDayOfWeek().getValue() % 7);
      boolean either = !fields.get(2).text().equals("*") && !fields.get(4).text().equals("*");
      return fields.get(0).has(time.getMinute())
          && fields.get(1).has(time.getHour())
          && fields.get(3).has(time.getMonthValue())
          && (either ? dayOfMonth || dayOfWeek : dayOfMonth && dayOfWeek);
    }
  }

  private record Field(String text, Set<Integer> values) {
    boolean has(int value) {
      return values.contains(value);
    }

    static Field random(Random random, int min, int max, double star) {
      if (random.nextDouble() < star) {
        return new Field("*", range(min, max, 1));
      }
      int low = min + random.nextInt(max - min);
      int high = low + 1 + random.nextInt(max - low);
      int step = 2 + random.nextInt(Math.max(1, (max - min) / 3));
      return switch (random.nextInt(5)) {
        case 0 -> new Field(name(low, max), Set.of(low));
        case 1 -> new Field(name(low, max) + "-" + name(high, max), range(low, high, 1));
        case 2 -> new Field("*/" + step, range(min, max, step));
        case 3 -> new Field(low + "-" + high + "/" + step, range(low, high, step));
        default -> new Field(high + "," + low, Set.of(low, high));
      };
    }

    private static String name(int value, int max) {
      return max == 6 && value % 2 == 1
          ? DayOfWeek.of(value).name().substring(0, 3).toLowerCase(Locale.ROOT)
          : String.valueOf(value);
    }

    private static Set<Integer> range(int low, int high, int step) {
      return IntStream.rangeClosed(low, high)
          .filter(value -> (value - low) % step == 0)
          .boxed()
          .collect(Collectors.toSet());
    }
  }
}
