package dev.penstock.api.cron;

import com.cronutils.model.Cron;
import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.field.CronFieldName;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The instants at which a cron expression fires in a time zone. Immutable and thread-safe.
 *
 * <p>The expression has five fields (minute, hour, day of month, month, day of week), or six with
 * seconds in front, as in Unix: lists, ranges, steps, names; Sunday is 0 or 7; where both days are
 * restricted, either of them will do. {@code @hourly}, {@code @daily}, {@code @weekly},
 * {@code @monthly} and {@code @yearly} stand for what they say.
 *
 * <p>When clocks are set forward, a time of day that does not exist fires as much later as the
 * clock was set forward. When they are set back, a time of day that comes twice fires the first
 * time only, but for expressions whose hour is {@code *}: those go on by the hour, and fire both
 * times. So what fires once a day does so on every day.
 */
public final class FireTimes {
  /** The longest expression. */
  public static final int MAX_CHARS = 200;

  /**
   * The longest time between two firings of any expression: 29 February over 2100 takes 8 years.
   */
  private static final Duration HORIZON = Duration.ofDays(9 * 366L);

  /** More changes of a zone's offset than there are in the horizon. */
  private static final int MAX_SEGMENTS = 100;

  private static final String PARSER_PREFIX = "Failed to parse cron expression. ";
  private static final Duration FIRST_WINDOW = Duration.ofMinutes(1);
  private static final int WINDOW_GROWTH = 4;

  private static final CronParser MINUTES =
      new CronParser(fields(CronDefinitionBuilder.defineCron()));
  private static final CronParser SECONDS =
      new CronParser(
          fields(CronDefinitionBuilder.defineCron().withSeconds().withStrictRange().and()));

  private final ExecutionTime local;
  private final boolean everyHour;
  private final ZoneId zone;

  private FireTimes(Cron cron, ZoneId zone) {
    this.local = ExecutionTime.forCron(cron);
    this.everyHour = cron.retrieve(CronFieldName.HOUR).getExpression().asString().equals("*");
    this.zone = zone;
  }

  private static CronDefinition fields(CronDefinitionBuilder cron) {
    return cron.withMinutes()
        .withStrictRange()
        .and()
        .withHours()
        .withStrictRange()
        .and()
        .withDayOfMonth()
        .withStrictRange()
        .and()
        .withMonth()
        .withStrictRange()
        .and()
        .withDayOfWeek()
        .withValidRange(0, 7)
        .withMondayDoWValue(1)
        .withIntMapping(7, 0)
        .and()
        .withSupportedNicknameHourly()
        .withSupportedNicknameDaily()
        .withSupportedNicknameWeekly()
        .withSupportedNicknameMonthly()
        .withSupportedNicknameYearly()
        .instance();
  }

  /**
   * The times of {@code expression} in {@code zone}.
   *
   * @throws IllegalArgumentException when it is no expression; the message says why, for people
   */
  public static FireTimes of(String expression, ZoneId zone) {
    if (expression.length() > MAX_CHARS) {
      throw new IllegalArgumentException("must have at most " + MAX_CHARS + " characters");
    }
    String text = expression.strip();
    int fields = text.split("\\s+", MAX_CHARS).length;
    if (!text.startsWith("@") && fields != 5 && fields != 6) {
      throw new IllegalArgumentException(
          "it has " + fields + " fields, but must have five, or six that begin with the second");
    }
    boolean seconds = fields == 6;
    try {
      return new FireTimes((seconds ? SECONDS : MINUTES).parse(text).validate(), zone);
    } catch (IllegalArgumentException e) {
      String why = String.valueOf(e.getMessage());
      throw new IllegalArgumentException(
          why.startsWith(PARSER_PREFIX) ? why.substring(PARSER_PREFIX.length()) : why, e);
    }
  }

  /** The first time after {@code after}; nothing when it never fires again. */
  public Optional<Instant> after(Instant after) {
    ZoneRules rules = zone.getRules();
    Instant end;
    try {
      end = after.plus(HORIZON);
    } catch (DateTimeException | ArithmeticException _) {
      return Optional.empty();
    }
    // Between two changes of the zone's offset local time runs evenly.
    Instant segment = after;
    for (int i = 0; i < MAX_SEGMENTS && segment.isBefore(end); i++) {
      ZoneOffset offset = rules.getOffset(segment);
      ZoneOffsetTransition began = rules.previousTransition(segment.plusNanos(1));
      ZoneOffsetTransition ends = rules.nextTransition(segment);
      Instant found = earlier(regular(after, segment, offset, began), inGap(after, began), ends);
      if (found != null) {
        return Optional.of(found);
      }
      if (ends == null) {
        return Optional.empty();
      }
      segment = ends.getInstant();
    }
    return Optional.empty();
  }

  /** The first time in the segment's own offset that is after {@code after}. */
  private @Nullable Instant regular(
      Instant after, Instant segment, ZoneOffset offset, @Nullable ZoneOffsetTransition began) {
    Instant from = after;
    if (segment.isAfter(after)) {
      from = justBefore(segment);
    }
    if (began != null && began.isOverlap() && !everyHour) {
      // Until then the clock shows what it has shown before.
      Instant fresh = justBefore(began.getInstant().minus(began.getDuration()));
      from = fresh.isAfter(from) ? fresh : from;
    }
    LocalDateTime next = next(LocalDateTime.ofInstant(from, offset));
    return next == null ? null : next.toInstant(offset);
  }

  /** The first time that the segment's beginning left out, moved to after it. */
  private @Nullable Instant inGap(Instant after, @Nullable ZoneOffsetTransition began) {
    if (began == null || !began.isGap()) {
      return null;
    }
    Instant begin = justBefore(began.getInstant());
    LocalDateTime next =
        next(
            LocalDateTime.ofInstant(after.isAfter(begin) ? after : begin, began.getOffsetBefore()));
    return next == null || !next.isBefore(began.getDateTimeAfter())
        ? null
        : next.toInstant(began.getOffsetBefore());
  }

  private static @Nullable Instant earlier(
      @Nullable Instant one, @Nullable Instant other, @Nullable ZoneOffsetTransition ends) {
    Instant first = one == null || (other != null && other.isBefore(one)) ? other : one;
    return first == null || (ends != null && !first.isBefore(ends.getInstant())) ? null : first;
  }

  private static Instant justBefore(Instant time) {
    return time.minusNanos(1);
  }

  /** The next local time; the library goes by UTC, in which every local time is there once. */
  private @Nullable LocalDateTime next(LocalDateTime after) {
    return local
        .nextExecution(after.truncatedTo(ChronoUnit.SECONDS).atZone(ZoneOffset.UTC))
        .map(next -> next.toLocalDateTime())
        .orElse(null);
  }

  /** The times after {@code after} and not after {@code until}, from the first, at most so many. */
  public List<Instant> oldest(Instant after, Instant until, int max) {
    var times = new ArrayList<Instant>();
    Optional<Instant> next = after(after);
    while (times.size() < max && next.isPresent() && !next.get().isAfter(until)) {
      times.add(next.get());
      next = after(next.get());
    }
    return times;
  }

  /**
   * The times after {@code after} and not after {@code until}, of more than {@code max} the last
   * ones, in rising order.
   */
  public List<Instant> newest(Instant after, Instant until, int max) {
    Duration window = FIRST_WINDOW;
    while (true) {
      boolean whole = window.compareTo(Duration.between(after, until)) >= 0;
      Instant from = whole ? after : until.minus(window);
      List<Instant> times = oldest(from, until, Integer.MAX_VALUE);
      if (whole || times.size() >= max) {
        return List.copyOf(times.subList(Math.max(0, times.size() - max), times.size()));
      }
      window = window.multipliedBy(WINDOW_GROWTH);
    }
  }
}
