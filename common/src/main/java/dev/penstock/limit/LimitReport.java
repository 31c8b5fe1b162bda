package dev.penstock.limit;

import java.util.List;

/**
 * What one worker tells the others of the limits that it shares with them. All reports stand in one
 * partition, so everyone reads them in one order and sees the same shares at the same place.
 *
 * @param worker who writes
 * @param incarnation tells the worker's lives apart
 * @param number how many this life has written before
 * @param entries one for each limit that it takes part in; whoever leaves one out has left it
 */
public record LimitReport(String worker, int incarnation, long number, List<Entry> entries) {
  /** The most limits that one worker takes part in. */
  public static final int MAX_ENTRIES = 200;

  /** Amounts are whole numbers of this part of a call, a token or a slot. */
  public static final long UNIT = 1_000;

  /** The largest amount: far more than any provider allows, and small enough to be added up. */
  public static final long MAX_AMOUNT = 1_000_000_000_000_000L;

  /** The longest that one report closes a limit. */
  public static final long MAX_CLOSED_MILLIS = 3_600_000;

  public LimitReport {
    entries = List.copyOf(entries);
    if (number < 0) {
      throw new IllegalArgumentException("reports are counted from 0");
    }
    if (entries.size() > MAX_ENTRIES) {
      throw new IllegalArgumentException("a report has at most " + MAX_ENTRIES + " entries");
    }
  }

  /**
   * One limit. Amounts are in thousandths of what is limited: calls a minute, tokens a minute,
   * calls at once.
   *
   * @param limit which
   * @param most what the writer takes the whole of it to be
   * @param holds what the writer will not exceed from now on, until it has read that this report
   *     gave it more
   * @param wants what it would have, given what it has read; at least {@code holds}
   * @param demand what it could use
   * @param closedMillis for how long from the report's time on the limit is closed, because the
   *     provider refused a call of the writer and asked to wait; 0 where it is not
   */
  public record Entry(
      String limit, long most, long holds, long wants, long demand, long closedMillis) {
    /** Of a limit that is not closed. */
    public Entry(String limit, long most, long holds, long wants, long demand) {
      this(limit, most, holds, wants, demand, 0);
    }

    public Entry {
      if (limit.isEmpty()) {
        throw new IllegalArgumentException("an entry names its limit");
      }
      if (most < 0 || holds < 0 || wants < holds || demand < 0) {
        throw new IllegalArgumentException(
            "amounts are not negative, and wants is at least holds, but they are "
                + List.of(most, holds, wants, demand));
      }
      if (Math.max(Math.max(most, wants), demand) > MAX_AMOUNT) {
        throw new IllegalArgumentException("amounts are at most " + MAX_AMOUNT);
      }
      if (closedMillis < 0 || closedMillis > MAX_CLOSED_MILLIS) {
        throw new IllegalArgumentException(
            "a limit is closed for 0 to " + MAX_CLOSED_MILLIS + " ms, not " + closedMillis);
      }
    }
  }
}
