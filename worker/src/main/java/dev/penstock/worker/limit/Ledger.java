package dev.penstock.worker.limit;

import dev.penstock.limit.LimitReport;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who may use how much of each limit, as the log of reports says. It is a function of the log's
 * prefix alone, so all who have read equally far know the same.
 *
 * <p>What a member has been given is changed by nothing but its own reports, and the log's time. It
 * is lowered to what the report says that its writer holds, and raised to what it wants as far as
 * that is given to nobody else at this place of the log. So at every place the sum of what is given
 * is at most the limit, however late anyone reads. Who lowers itself does so before it writes; who
 * is raised uses it after it has read it.
 *
 * <p>Who has not written for {@link #LEASE} by the log's time is no member any more, and is given
 * what it holds only as far as it is still free.
 *
 * <p>Not thread-safe.
 */
final class Ledger {
  /** After so long without a report, what a member was given may be given to others. */
  static final Duration LEASE = Duration.ofMillis(3_500);

  /** A life of a worker. */
  record Member(String worker, int incarnation) {}

  /**
   * What one member has of one limit.
   *
   * @param most what it takes the limit to be
   * @param given the most that it may use at this place of the log
   * @param counted that, or what it has in use all the same: nobody else may have it
   * @param demand what it could use
   */
  record Seat(long most, long given, long counted, long demand) {}

  private final Map<String, Map<Member, Seat>> limits = new HashMap<>();
  private final Map<Member, Instant> heardAt = new LinkedHashMap<>();
  private Instant latest = Instant.MIN;

  /**
   * Takes in the next report of the log.
   *
   * @param at the time that the broker gave it
   */
  void read(LimitReport report, Instant at) {
    latest = at.isAfter(latest) ? at : latest;
    expire();
    var member = new Member(report.worker(), report.incarnation());
    var before = new HashMap<String, Seat>();
    for (String limit : List.copyOf(limits.keySet())) {
      Seat seat = seats(limit).get(member);
      if (seat != null) {
        before.put(limit, seat);
        leave(limit, member);
      }
    }
    if (report.entries().isEmpty()) {
      heardAt.remove(member);
      return;
    }
    heardAt.put(member, latest);
    for (LimitReport.Entry entry : report.entries()) {
      var seats = limits.computeIfAbsent(entry.limit(), _ -> new LinkedHashMap<>());
      // Who comes back after its lease has lost what it held: others may have it by now.
      long kept = before.containsKey(entry.limit()) ? entry.holds() : 0;
      long free = Math.max(0, least(seats.values(), entry.most()) - counted(seats.values()));
      long given = Math.max(kept, Math.min(entry.wants(), free));
      long counted = Math.max(given, entry.holds());
      seats.put(member, new Seat(entry.most(), given, counted, entry.demand()));
    }
  }

  private void expire() {
    Instant since = latest.minus(LEASE);
    heardAt
        .entrySet()
        .removeIf(each -> {
          boolean gone = each.getValue().isBefore(since);
          if (gone) {
            List.copyOf(limits.keySet()).forEach(limit -> leave(limit, each.getKey()));
          }
          return gone;
        });
  }

  private void leave(String limit, Member member) {
    Map<Member, Seat> seats = limits.get(limit);
    if (seats == null) {
      return;
    }
    seats.remove(member);
    if (seats.isEmpty()) {
      limits.remove(limit);
    }
  }

  /** The time of the log, as far as it was read. */
  Instant latest() {
    return latest;
  }

  /** Who has what of a limit. */
  Map<Member, Seat> seats(String limit) {
    return limits.getOrDefault(limit, Map.of());
  }

  /** Of what all take a limit to be, the least: who knows of a lower one knows something. */
  static long least(Collection<Seat> seats, long mine) {
    return seats.stream().mapToLong(Seat::most).reduce(mine, Math::min);
  }

  /** What nobody else may have of a limit. */
  static long counted(Collection<Seat> seats) {
    return seats.stream().mapToLong(Seat::counted).sum();
  }
}
