package dev.penstock.worker.cache;

import dev.penstock.cache.CacheRecord;
import dev.penstock.cache.Fingerprint;
import dev.penstock.job.Job;
import dev.penstock.job.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The calls that are being made, and by whom. It is a function of the log: all who have read as far
 * see the same, so the first claim wins without anybody being asked.
 *
 * <p>A call is over when it is answered or released, when its owner began a new life or was silent
 * for {@link #LEASE} by the log's time, and when it is older than any call can be. Whoever was
 * silent for so long has lost what it claimed before, whenever it is heard again.
 *
 * <p>Not thread-safe.
 */
final class Flights {
  /** Four beats, and what brokers' clocks may differ by. */
  static final Duration LEASE = Duration.ofSeconds(4);

  /** Longer than any call takes, its interrupt's grace included. */
  static final Duration LONGEST = Job.MAX_ATTEMPT_TIMEOUT.plusMinutes(2);

  /** After so many fruitless calls in a row a request is not shared for a while. */
  static final int FRUITLESS = 3;

  /** How long. */
  static final Duration REST = Duration.ofSeconds(60);

  /** The most calls, workers and fruitless requests that are remembered; the oldest give way. */
  static final int MOST = 100_000;

  private final Invalidations invalidations;
  private final Map<Fingerprint, Flight> open = new LinkedHashMap<>();
  private final Map<String, Life> lives = new LinkedHashMap<>();
  private final Map<Fingerprint, Trouble> troubles = new LinkedHashMap<>();
  private Instant latest = Instant.MIN;

  /**
   * A call that is being made, or about to be.
   *
   * @param offset where its claim stands
   * @param at when the broker wrote that
   */
  record Flight(CacheRecord.Claim claim, long offset, Instant at) {
    boolean isOf(CacheRecord.Owner owner, long number) {
      return claim.owner().equals(owner) && claim.number() == number;
    }
  }

  /** What is known of a worker: since when it has not been silent, and when it was heard last. */
  private record Life(int incarnation, Instant since, Instant heardAt) {}

  private record Trouble(int count, Instant at) {}

  Flights(Invalidations invalidations) {
    this.invalidations = invalidations;
  }

  /**
   * A claim was read.
   *
   * @return whose the call is now
   */
  Flight claimed(CacheRecord.Claim claim, long offset, Instant at) {
    heard(claim.owner(), at);
    Flight before = open.get(claim.request());
    if (before != null && !isOver(before) && !isInvalid(before, claim)) {
      return before;
    }
    var flight = new Flight(claim, offset, at);
    open.remove(claim.request());
    put(open, claim.request(), flight);
    return flight;
  }

  /** Whether what comes of the call would be of no use for the claim. */
  private boolean isInvalid(Flight flight, CacheRecord.Claim claim) {
    TenantId tenant = claim.tenant();
    return invalidations.isAfter(flight.offset(), tenant, flight.claim().tags())
        || invalidations.isAfter(flight.offset(), tenant, claim.tags());
  }

  /** An answer was read; true when it ends a call. */
  boolean answered(CacheRecord.Answer answer, Instant at) {
    tell(at);
    troubles.remove(answer.request());
    Flight flight = open.get(answer.request());
    Long claim = answer.claim();
    return flight != null
        && claim != null
        && claim == flight.offset()
        && open.remove(answer.request(), flight);
  }

  /** A release was read; true when it ends a call. */
  boolean released(CacheRecord.Released released, Instant at) {
    heard(released.owner(), at);
    Flight flight = open.get(released.request());
    if (flight == null || !flight.isOf(released.owner(), released.number())) {
      return false;
    }
    open.remove(released.request());
    if (released.fruitless()) {
      Trouble before = troubles.remove(released.request());
      int count = before != null && at.isBefore(before.at().plus(REST)) ? before.count() + 1 : 1;
      put(troubles, released.request(), new Trouble(count, at));
    }
    return true;
  }

  /** The owner is alive. */
  void heard(CacheRecord.Owner owner, Instant at) {
    tell(at);
    Life life = lives.remove(owner.worker());
    Instant since =
        life != null
                && life.incarnation() == owner.incarnation()
                && at.isBefore(life.heardAt().plus(LEASE))
            ? life.since()
            : at;
    put(lives, owner.worker(), new Life(owner.incarnation(), since, at));
  }

  /** The log has come to that time. */
  void tell(Instant at) {
    latest = at.isAfter(latest) ? at : latest;
  }

  /** The call that is being made for the request; null when there is none. */
  @Nullable Flight of(Fingerprint request) {
    Flight flight = open.get(request);
    return flight == null || isOver(flight) ? null : flight;
  }

  /** Whether so many calls for the request came to nothing that nobody is to wait for one. */
  boolean isTroubled(Fingerprint request) {
    Trouble trouble = troubles.get(request);
    return trouble != null
        && trouble.count() >= FRUITLESS
        && latest.isBefore(trouble.at().plus(REST));
  }

  private boolean isOver(Flight flight) {
    Life life = lives.get(flight.claim().owner().worker());
    return life == null
        || life.incarnation() != flight.claim().owner().incarnation()
        || flight.at().isBefore(life.since())
        || !latest.isBefore(life.heardAt().plus(LEASE))
        || !latest.isBefore(flight.at().plus(LONGEST));
  }

  /** The calls of one owner, by their claims' numbers. */
  Map<Long, Flight> ofOwner(CacheRecord.Owner owner) {
    var own = new HashMap<Long, Flight>();
    for (Flight flight : open.values()) {
      if (flight.claim().owner().equals(owner)) {
        own.put(flight.claim().number(), flight);
      }
    }
    return own;
  }

  /** Forgets what is over. */
  void clean() {
    open.values().removeIf(this::isOver);
    lives.values().removeIf(life -> !latest.isBefore(life.heardAt().plus(LONGEST)));
    troubles.values().removeIf(trouble -> !latest.isBefore(trouble.at().plus(REST)));
  }

  /** The log is read anew. */
  void clear() {
    open.clear();
    lives.clear();
    troubles.clear();
    latest = Instant.MIN;
  }

  private static <K, V> void put(Map<K, V> map, K key, V value) {
    if (map.size() >= MOST && !map.containsKey(key)) {
      var oldest = map.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
    map.put(key, value);
  }
}
