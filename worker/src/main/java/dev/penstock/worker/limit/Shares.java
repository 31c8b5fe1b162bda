package dev.penstock.worker.limit;

import dev.penstock.limit.LimitReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * This worker's share of each limit: what it may use now, and what it reports.
 *
 * <p>It may use what the {@link Ledger} gave it at the last of its own reports that it has read, no
 * more than it said it holds in those that it has written since, and no more than its part of the
 * {@link Division}. And only while the last of its reports that it has read was written less than
 * {@link #TRUST} ago by its own clock: others count it in for longer than that, whatever the log
 * does meanwhile. So one that was stopped, or cut off from Kafka, uses nothing.
 *
 * <p>Not thread-safe.
 */
final class Shares {
  /** Shorter than {@link Ledger#LEASE} by what brokers' clocks may differ by, and more. */
  static final Duration TRUST = Duration.ofMillis(2_500);

  /** How often a worker that takes part reports. */
  static final Duration PERIOD = Duration.ofMillis(700);

  /** How soon after a report another one follows at the earliest. */
  static final Duration SOON = Duration.ofMillis(150);

  /** Whose turn it is to have what can't be divided changes this often. */
  private static final long TURN_SECONDS = 20;

  /** So many reports may be under way; Kafka is out of reach then, and nothing is held any more. */
  private static final int MAX_UNREAD = 30;

  /** A change of more than this part is reported at once. */
  private static final double NOTABLE = 0.1;

  private static final long NOTABLE_MILLIS = 100;

  private final Ledger.Member self;
  private final Ledger ledger = new Ledger();
  private final Deque<LimitReport> unread = new ArrayDeque<>();
  private final Map<Long, Instant> writtenAt = new HashMap<>();
  private Map<String, Long> given = Map.of();
  private Map<String, Long> parts = Map.of();
  private Map<String, LimitReport.Entry> said = Map.of();
  private long number;
  private Instant lastAt = Instant.MIN;
  private Instant trustedUntil = Instant.MIN;

  /**
   * What this worker could use of a limit.
   *
   * @param most the whole limit, as it knows it; in thousandths, as the others
   * @param inUse what it uses now and can't let go of at once
   * @param whole whether it is divided in whole units
   * @param closedMillis for how long it is closed, by what this worker met itself
   */
  record Need(String limit, long most, long demand, long inUse, boolean whole, long closedMillis) {}

  Shares(String worker, int incarnation) {
    this.self = new Ledger.Member(worker, incarnation);
  }

  /**
   * Takes in the next report of the log.
   *
   * @param at the time that the broker gave it
   */
  void read(LimitReport report, Instant at) {
    ledger.read(report, at);
    if (!isOwn(report)) {
      return;
    }
    while (!unread.isEmpty() && unread.getFirst().number() <= report.number()) {
      unread.removeFirst();
    }
    Instant written = writtenAt.get(report.number());
    writtenAt.keySet().removeIf(each -> each <= report.number());
    if (written != null) {
      trustedUntil = written.plus(TRUST);
    }
    var mine = new HashMap<String, Long>();
    for (LimitReport.Entry entry : report.entries()) {
      Ledger.Seat seat = ledger.seats(entry.limit()).get(self);
      mine.put(entry.limit(), seat == null ? 0 : seat.given());
    }
    given = mine;
  }

  /** Whether this life of this worker has written it. */
  boolean isOwn(LimitReport report) {
    return self.equals(new Ledger.Member(report.worker(), report.incarnation()));
  }

  /** Whether what it was given counts at all. */
  boolean isTrusted(Instant now) {
    return now.isBefore(trustedUntil);
  }

  /** What it may use now of a limit, in thousandths. */
  long mayUse(String limit, Instant now) {
    if (!isTrusted(now)) {
      return 0;
    }
    return Math.min(held(limit), parts.getOrDefault(limit, 0L));
  }

  private long held(String limit) {
    long held = given.getOrDefault(limit, 0L);
    for (LimitReport report : unread) {
      held = Math.min(held, holds(report, limit));
    }
    return held;
  }

  private static long holds(LimitReport report, String limit) {
    return report.entries().stream()
        .filter(entry -> entry.limit().equals(limit))
        .mapToLong(LimitReport.Entry::holds)
        .findFirst()
        .orElse(0);
  }

  /** How many take part in a limit, as far as is known. */
  int members(String limit) {
    return ledger.seats(limit).size();
  }

  /** What a limit is for all, in thousandths: the least that anyone takes it for. */
  long most(Need need) {
    return Ledger.least(ledger.seats(need.limit()).values(), need.most());
  }

  /**
   * Divides anew, and reports what there is to be said.
   *
   * @param needs what it takes part in; it leaves the others
   * @return what is to be written now; null when nothing is
   */
  @Nullable LimitReport plan(Collection<Need> needs, Instant now) {
    var divided = new HashMap<String, Long>();
    needs.forEach(need -> divided.put(need.limit(), part(need)));
    parts = divided;
    if (needs.isEmpty() && said.isEmpty()) {
      return null;
    }
    Duration since = lastAt.equals(Instant.MIN) ? PERIOD : Duration.between(lastAt, now);
    boolean due = since.compareTo(PERIOD) >= 0 || since.isNegative();
    boolean soon = unread.isEmpty() && since.compareTo(SOON) >= 0 && isNews(needs, now);
    return due || soon ? report(needs, now) : null;
  }

  private LimitReport report(Collection<Need> needs, Instant now) {
    var entries = new TreeMap<String, LimitReport.Entry>();
    for (Need need : needs) {
      long holds = Math.max(mayUse(need.limit(), now), need.whole() ? need.inUse() : 0);
      long wants = Math.max(holds, parts.getOrDefault(need.limit(), 0L));
      entries.put(
          need.limit(),
          new LimitReport.Entry(
              need.limit(), need.most(), holds, wants, need.demand(), need.closedMillis()));
    }
    var report =
        new LimitReport(
            self.worker(), self.incarnation(), number++, new ArrayList<>(entries.values()));
    unread.add(report);
    if (unread.size() > MAX_UNREAD) {
      // The later ones hold no more than this one did.
      writtenAt.remove(unread.removeFirst().number());
    }
    writtenAt.put(report.number(), now);
    said = entries;
    lastAt = now;
    return report;
  }

  private boolean isNews(Collection<Need> needs, Instant now) {
    if (needs.size() != said.size()) {
      return true;
    }
    for (Need need : needs) {
      LimitReport.Entry last = said.get(need.limit());
      if (last == null || last.most() != need.most() || isClosedLonger(need, last, now)) {
        return true;
      }
      long part = parts.getOrDefault(need.limit(), 0L);
      long held = mayUse(need.limit(), now);
      long counted = Math.max(held, need.whole() ? need.inUse() : 0);
      boolean letsGo = counted < given.getOrDefault(need.limit(), 0L) * (1 - NOTABLE);
      boolean gets = part > held * (1 + NOTABLE) && free(need) > part * NOTABLE;
      if (letsGo || gets) {
        return true;
      }
    }
    return false;
  }

  /** Whether it is closed for longer than was said. */
  private boolean isClosedLonger(Need need, LimitReport.Entry last, Instant now) {
    long left = Math.max(0, last.closedMillis() - Duration.between(lastAt, now).toMillis());
    return need.closedMillis() > left + NOTABLE_MILLIS;
  }

  private long free(Need need) {
    return most(need) - Ledger.counted(ledger.seats(need.limit()).values());
  }

  private long part(Need need) {
    Map<Ledger.Member, Ledger.Seat> seats = ledger.seats(need.limit());
    var members = new ArrayList<Ledger.Member>();
    var demands = new ArrayList<Long>();
    members.add(self);
    demands.add(need.demand());
    seats.forEach((member, seat) -> {
      if (!member.equals(self)) {
        members.add(member);
        demands.add(seat.demand());
      }
    });
    long most = most(need);
    long[] all = demands.stream().mapToLong(Long::longValue).toArray();
    long[] divided =
        need.whole()
            ? Division.wholeParts(most, LimitReport.UNIT, all, turns(members))
            : Division.parts(most, all);
    return divided[0];
  }

  /** An order that is the same for all, and another one after a while. */
  private long[] turns(List<Ledger.Member> members) {
    Instant latest = ledger.latest();
    long round = latest.equals(Instant.MIN) ? 0 : latest.getEpochSecond() / TURN_SECONDS;
    return members.stream()
        .mapToLong(each ->
            mixed(
                31L * each.worker().hashCode() + each.incarnation() + round * 0x9E3779B97F4A7C15L))
        .toArray();
  }

  /** The finisher of SplitMix64 (Steele, Lea and Flood, 2014). */
  private static long mixed(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
