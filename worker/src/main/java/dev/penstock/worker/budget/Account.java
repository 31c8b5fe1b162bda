package dev.penstock.worker.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * One budget in one period, as one life of a worker knows it from the log of reports.
 *
 * <p>Each life names a <i>ceiling</i>: what it will not exceed with all that it spends, calls that
 * run included. It may spend up to a ceiling once it has read its own report of it, as far as the
 * ceilings that the others had named before leave it. Everyone counts the ceilings of all others in
 * full, so at every place of the log what all may spend together is within the limit, however late
 * anyone reads, and whoever dies leaves nothing that others would spend a second time.
 *
 * <p>Not thread-safe.
 */
final class Account {
  /** By the log's time: who has not written for so long and holds something is taken for lost. */
  static final Duration LOST = Duration.ofSeconds(10);

  /** How long what is ready for calls stays so without any. */
  private static final Duration KEPT_READY = Duration.ofSeconds(2);

  /** What is ready is to last longer than this. */
  private static final Duration TOO_SHORT = Duration.ofMillis(500);

  /** How long what was given is kept at least that is too little for a call. */
  private static final Duration HELD_ON = Duration.ofSeconds(1);

  /** A life of a worker. */
  record Member(String worker, int incarnation) {}

  /** What another life has reported. */
  private record Seat(long spent, long ceiling, Instant heardAt) {}

  /** What this life has reported and not read back. */
  private record Ask(long number, long ceiling) {}

  private final Period.Window window;
  private final Map<Member, Seat> others = new HashMap<>();
  private final Deque<Ask> unread = new ArrayDeque<>();

  private long spent;
  private long running;

  /** What the reports that were read back gave. */
  private long given;

  /** The ceiling and the spending that were reported last. */
  private long asked;

  private long told;
  private boolean mine;

  private long othersSpent;
  private long othersCeilings;

  private long hungryFor;
  private Instant hungryUntil = Instant.MIN;
  private long ahead;
  private Instant usedAt = Instant.MIN;
  private Instant raisedAt = Instant.EPOCH;

  Account(Period.Window window) {
    this.window = window;
  }

  Period.Window window() {
    return window;
  }

  /** Whether this life spends from it. */
  boolean isMine() {
    return mine;
  }

  void use() {
    mine = true;
  }

  // What may be spent

  /** What is spent and what the calls that run are expected to cost. */
  long used() {
    return Money.sum(spent, running);
  }

  /** What this life may spend in all. */
  private long usable() {
    long usable = given;
    for (Ask ask : unread) {
      usable = Math.min(usable, ask.ceiling());
    }
    return usable;
  }

  /**
   * Whether a call of this cost may begin. When no other call runs anywhere and nothing more is to
   * be had, also one that what is left may not be enough for: else the last of a budget could never
   * be spent.
   */
  boolean has(long cost, long limit, Instant latest) {
    long usable = usable();
    long left = usable - used();
    return left >= cost
        || (left > 0
            && running == 0
            && unread.isEmpty()
            && limit - othersCeilings <= usable
            && !othersHold(latest));
  }

  /** Whether others may still spend, or give back, what they have named. */
  private boolean othersHold(Instant latest) {
    return othersCeilings - othersSpent > lost(latest);
  }

  /** Takes the cost of a call that begins; returns what was set aside for it. */
  long take(long cost, Instant now) {
    long taken = Math.clamp(usable() - used(), 0, cost);
    running += taken;
    usedAt = now;
    return taken;
  }

  /** A call has ended for which {@code taken} was set aside. */
  void ended(long taken, long cost) {
    running -= taken;
    spent = Money.sum(spent, cost);
  }

  /** A job waits until it may spend {@code cost}. */
  void hungry(long cost, Instant now, Instant until) {
    hungryFor = Math.max(cost, now.isBefore(hungryUntil) ? hungryFor : 0);
    hungryUntil = until;
  }

  boolean isHungry(Instant now) {
    return now.isBefore(hungryUntil);
  }

  // What is known of all

  /**
   * What is certainly spent of all: calls that run are not, but what the lost had named is, for
   * their calls may have been made.
   */
  long certain(Instant latest) {
    return Money.sum(Money.sum(spent, othersSpent), lost(latest));
  }

  boolean isSpent(long limit, Instant latest) {
    // Lives that were lost are looked for only where they matter.
    return Money.sum(spent, othersCeilings) >= limit
        && (Money.sum(spent, othersSpent) >= limit || certain(latest) >= limit);
  }

  /** What lives that are gone had named and have not told to be spent. */
  long lost(Instant latest) {
    if (othersCeilings == othersSpent) {
      return 0;
    }
    Instant since = latest.minus(LOST);
    long lost = 0;
    for (Seat seat : others.values()) {
      if (seat.heardAt().isBefore(since)) {
        lost = Money.sum(lost, seat.ceiling() - seat.spent());
      }
    }
    return lost;
  }

  /** Another life's report was read. */
  void read(Member other, long itsSpent, long itsCeiling, Instant at) {
    others.put(other, new Seat(itsSpent, itsCeiling, at));
    othersSpent = 0;
    othersCeilings = 0;
    for (Seat seat : others.values()) {
      othersSpent = Money.sum(othersSpent, seat.spent());
      othersCeilings = Money.sum(othersCeilings, seat.ceiling());
    }
  }

  /** This life's own report was read: what it named is given as far as the others leave it. */
  void readOwn(long number, long ceiling, long limit) {
    while (!unread.isEmpty() && unread.getFirst().number() <= number) {
      unread.removeFirst();
    }
    long kept = Math.min(given, ceiling);
    given = Math.max(kept, Math.min(ceiling, limit - othersCeilings));
  }

  // What is to be reported

  /** The ceiling that this life would name now. */
  long wanted(long limit, boolean draining, Instant latest, Instant now) {
    long used = used();
    if (draining || !now.isBefore(window.end())) {
      return used;
    }
    long usable = usable();
    long ready = ready(limit, latest, now);
    if (isStarved(limit, latest, now)) {
      long room = Math.max(0, limit - othersCeilings - used);
      // Several that each keep too little for a call would wait for each other. But of two that ask
      // for the same rest at once, the one that was given it keeps it for a while.
      boolean kept = now.isBefore(raisedAt.plus(HELD_ON));
      return room < hungryFor && othersHold(latest) && !kept
          ? used
          : Money.sum(used, Math.min(ready, Math.max(room, usable - used)));
    }
    return Math.max(used, Math.min(usable, Money.sum(used, ready)));
  }

  /**
   * How much it should have ready for calls that are to begin: what lasts for a second or two, but
   * at most half of an equal part of what is left; when nothing was needed for a while, nothing.
   * What is ready when a worker dies is lost to the budget.
   */
  private long ready(long limit, Instant latest, Instant now) {
    long room = Math.max(0, limit - othersCeilings - used());
    long most = room / (2L * (1 + busy(latest)));
    if (isStarved(limit, latest, now)) {
      Duration lasted = Duration.between(raisedAt, now);
      long next = ahead;
      if (lasted.compareTo(TOO_SHORT) < 0) {
        next = ahead * 2;
      } else if (lasted.compareTo(KEPT_READY) > 0) {
        next = ahead / 2;
      }
      return Math.max(Math.min(next, most), hungryFor);
    }
    // Who waits has not used what it has ready because it waits for another budget too.
    boolean isUsed = isHungry(now) || now.isBefore(usedAt.plus(KEPT_READY));
    return isUsed ? Math.min(ahead, Math.max(most, hungryFor)) : 0;
  }

  private boolean isStarved(long limit, Instant latest, Instant now) {
    return isHungry(now) && !has(hungryFor, limit, latest);
  }

  private int busy(Instant latest) {
    Instant since = latest.minus(LOST);
    int busy = 0;
    for (Seat seat : others.values()) {
      busy += seat.heardAt().isBefore(since) ? 0 : 1;
    }
    return busy;
  }

  /** Whether there is nothing to report: there may be very many of such accounts. */
  boolean isQuiet(Instant now) {
    return running == 0 && asked == spent && told == spent && !isHungry(now);
  }

  /** Whether {@code wanted} is more than this life has named, and no answer to it is under way. */
  boolean isToRaise(long wanted) {
    return wanted > asked && unread.isEmpty();
  }

  /** Whether what was named last differs from what would be named now. */
  boolean isToTell(long wanted) {
    return wanted != asked || told != spent;
  }

  /** Whether others wait for what this life does not need, or do not know that all is spent. */
  boolean isShort(long limit) {
    return limit - othersCeilings <= asked;
  }

  /** Whether others take it for lost when it stays silent. */
  boolean holds() {
    return asked > told;
  }

  boolean hasUnread() {
    return !unread.isEmpty();
  }

  /** This life makes its report of that number: from now on it keeps to what it names in it. */
  long report(long number, long limit, boolean isDraining, Instant latest, Instant now) {
    long named = Math.max(wanted(limit, isDraining, latest, now), used());
    ahead = ready(limit, latest, now);
    raisedAt = named > asked ? now : raisedAt;
    asked = named;
    told = spent;
    unread.addLast(new Ask(number, named));
    return named;
  }

  long spent() {
    return spent;
  }

  long running() {
    return running;
  }

  /** Whether nothing will ever be asked of it any more. */
  boolean isOver(Instant now) {
    return running == 0
        && (!mine || told == spent)
        && now.isAfter(window.end().plus(Duration.ofMinutes(2)));
  }
}
