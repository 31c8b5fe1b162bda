package dev.penstock.worker.limit;

import dev.penstock.limit.LimitReport;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One limit, as this worker stands to it. Amounts are in units unless said otherwise. */
final class Limit {
  /** A limit that headers told is forgotten when they have not told it for so long. */
  private static final Duration LEARNED_FOR = Duration.ofMinutes(10);

  /** A job that had to wait is looked at again within this, or waits no more. */
  private static final Duration HUNGRY_FOR = Duration.ofMillis(2_500);

  /** Who has not used a limit for so long leaves it. */
  private static final Duration ACTIVE_FOR = Duration.ofSeconds(10);

  /** Over how long its use is averaged. */
  private static final double MEAN_SECONDS = 2;

  /** What is asked for beyond what was used lately, so that use can grow. */
  private static final double HEADROOM = 1.25;

  private final String name;
  private final LimitRules.Kind kind;
  private final @Nullable Long configured;
  private final TokenBucket bucket;
  private @Nullable Long learned;
  private Instant learnedAt = Instant.MIN;
  private Instant hungryAt = Instant.MIN;
  private Instant usedAt = Instant.MIN;
  private Instant refusedUntil = Instant.MIN;
  private double perMinute;
  private Instant meteredAt;
  private long calls;
  private double allowed;

  Limit(String scope, LimitRules.Kind kind, @Nullable Long configured, Instant now) {
    this.name = scope + "/" + kind.setting();
    this.kind = kind;
    this.configured = configured;
    this.bucket = new TokenBucket(now);
    this.meteredAt = now;
  }

  /** The same for all workers. */
  String name() {
    return name;
  }

  LimitRules.Kind kind() {
    return kind;
  }

  /** Whether it is known of at all: from settings, or from headers that are not too old. */
  boolean isKnown(Instant now) {
    return configured != null || isLearned(now);
  }

  /** Whether no setting says it. */
  boolean isLearnedOnly() {
    return configured == null;
  }

  private boolean isLearned(Instant now) {
    return learned != null && Duration.between(learnedAt, now).compareTo(LEARNED_FOR) < 0;
  }

  /** The whole limit. */
  long most(Instant now) {
    Long told = isLearned(now) ? learned : null;
    if (configured == null) {
      return told == null ? 0 : told;
    }
    return told == null ? configured : Math.min(told, configured);
  }

  /** A provider's headers say what it is. */
  void learn(long most, Instant now) {
    learned = most;
    learnedAt = now;
  }

  /**
   * A provider's headers say that so much of it is left for all: where that is less than what this
   * worker's share has saved up, it is not used up at once.
   *
   * @param part this worker's part of the limit, 0 to 1
   */
  void left(long remaining, double part, double typical, Instant now) {
    bucket.drainTo(Math.max(typical, remaining * part), now);
  }

  /** From now on this is this worker's share. */
  void allow(long thousandths, Instant now) {
    allowed = (double) thousandths / LimitReport.UNIT;
    if (kind != LimitRules.Kind.CONCURRENCY) {
      bucket.rate(allowed, now);
    }
  }

  /** This worker's share. */
  double allowed() {
    return allowed;
  }

  /** When a call of this cost may begin: {@code now}, later, or never by time alone. */
  Instant freeAt(double cost, Instant now) {
    if (kind == LimitRules.Kind.CONCURRENCY) {
      return calls < allowed ? now : Instant.MAX;
    }
    return allowed <= 0 ? Instant.MAX : bucket.freeAt(cost, now);
  }

  /** A job has to wait for it. */
  void hungry(Instant now) {
    hungryAt = now;
  }

  void take(double cost, Instant now) {
    calls++;
    usedAt = now;
    if (kind != LimitRules.Kind.CONCURRENCY) {
      bucket.take(cost, now);
    }
    meter(cost, now);
  }

  /**
   * A call is over.
   *
   * @param tooMuch what was taken and not used; negative where it used more
   */
  void ended(double tooMuch, Instant now) {
    calls--;
    usedAt = now;
    if (kind != LimitRules.Kind.CONCURRENCY && tooMuch != 0) {
      bucket.giveBack(tooMuch, now);
      meter(-tooMuch, now);
    }
  }

  /** The provider refused a call of this worker: no further ones before {@code until}. */
  void refusedUntil(Instant until) {
    refusedUntil = until.isAfter(refusedUntil) ? until : refusedUntil;
    closeUntil(until);
  }

  /** No calls before {@code until}; of a rate, not of calls at once. */
  void closeUntil(Instant until) {
    if (kind != LimitRules.Kind.CONCURRENCY) {
      bucket.closeUntil(until);
    }
  }

  /** For how long others are to be told that it is closed: only of what this worker met itself. */
  private long closedMillis(Instant now) {
    return refusedUntil.isAfter(now) ? Duration.between(now, refusedUntil).toMillis() : 0;
  }

  /** Calls that are under way, of whichever kind the limit is. */
  long calls() {
    return calls;
  }

  /** What is used of it: an exponential mean of the last seconds, or calls at once. */
  double used(Instant now) {
    if (kind == LimitRules.Kind.CONCURRENCY) {
      return calls;
    }
    meter(0, now);
    return Math.max(0, perMinute);
  }

  boolean isHungry(Instant now) {
    return isWithin(hungryAt, HUNGRY_FOR, now);
  }

  /** Whether this worker takes part in it. */
  boolean isActive(Instant now) {
    return (kind == LimitRules.Kind.CONCURRENCY && calls > 0)
        || isHungry(now)
        || isWithin(usedAt, ACTIVE_FOR, now);
  }

  private static boolean isWithin(Instant since, Duration span, Instant now) {
    return !since.equals(Instant.MIN) && Duration.between(since, now).compareTo(span) < 0;
  }

  /** What is to be told of it. */
  Shares.Need need(boolean draining, Instant now) {
    long most = most(now);
    double demand = isHungry(now) ? (double) most : used(now) * HEADROOM;
    boolean whole = kind == LimitRules.Kind.CONCURRENCY;
    if (whole && !isHungry(now)) {
      demand = Math.ceil(demand);
    }
    return new Shares.Need(
        name,
        most * LimitReport.UNIT,
        draining ? 0 : (long) (Math.min(demand, (double) most) * LimitReport.UNIT),
        whole ? calls * LimitReport.UNIT : 0,
        whole,
        closedMillis(now));
  }

  private void meter(double amount, Instant now) {
    if (now.isAfter(meteredAt)) {
      double seconds = Duration.between(meteredAt, now).toNanos() / 1e9;
      perMinute *= Math.exp(-seconds / MEAN_SECONDS);
      meteredAt = now;
    }
    perMinute += amount * 60 / MEAN_SECONDS;
  }
}
