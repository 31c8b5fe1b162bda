package dev.penstock.worker.core;

import dev.penstock.job.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The claims that are ready and wait for a slot, in a lane for each priority. Each lane is first-in
 * first-out; while several have claims, each gets its share of the picks by its weight (stride
 * scheduling: Waldspurger and Weihl, 1995). Besides, one pick in {@link #AGED_EVERY} goes to the
 * claim that waits longest, if that is longer than the rule's ageing, whatever its lane.
 *
 * <p>So no lane starves: while it has claims, it gets a pick at least once in as many weighted
 * picks as all weights together make of its own, rounded up.
 *
 * <p>Not thread-safe.
 */
final class Lanes {
  /** Small enough that the weights hold, large enough that what has waited long goes on. */
  static final int AGED_EVERY = 4;

  /** Much larger than a weight, so that shares are exact but for less than a millionth. */
  private static final long SCALE = 1L << 40;

  private final Map<Priority, Lane> lanes = new EnumMap<>(Priority.class);

  /** The same, highest priority first. */
  private final List<Lane> all;

  private final Duration ageing;

  /** How far the shares have been served: the pass of the lane that was picked last. */
  private long served;

  private int picks;
  private int size;

  Lanes(CoreLimits.LaneRule rule) {
    this.ageing = rule.ageing();
    for (Priority priority : Priority.all()) {
      lanes.put(priority, new Lane(SCALE / rule.weight(priority)));
    }
    this.all = List.copyOf(lanes.values());
  }

  /** The claims of one priority. */
  private static final class Lane {
    final Deque<Claim> claims = new ArrayDeque<>();

    /** By how much a pick takes it on. */
    final long stride;

    /** The lane that is least far on is picked next. */
    long pass;

    Lane(long stride) {
      this.stride = stride;
    }
  }

  /** Puts a claim that is ready at the end of its lane. */
  void add(Claim claim, Instant now) {
    claim.readyAt = now;
    Lane lane = lane(claim.lane());
    if (lane.claims.isEmpty()) {
      // A lane that was empty has not saved anything up.
      lane.pass = Math.max(lane.pass, served);
    }
    lane.claims.add(claim);
    size++;
  }

  /** Takes a claim out; false when it is not here. */
  boolean remove(Claim claim) {
    boolean removed = lane(claim.lane()).claims.remove(claim);
    size -= removed ? 1 : 0;
    return removed;
  }

  int size() {
    return size;
  }

  /** How many wait in the lane of {@code priority}. */
  int size(Priority priority) {
    return lane(priority).claims.size();
  }

  /** The next claim whose turn it is, taken out; null when there is none. */
  @Nullable Claim next(Instant now) {
    Lane first = null;
    boolean several = false;
    for (Lane lane : all) {
      if (!lane.claims.isEmpty()) {
        several |= first != null;
        first = first == null || lane.pass < first.pass ? lane : first;
      }
    }
    if (first == null) {
      return null;
    }
    if (several && ++picks % AGED_EVERY == 0) {
      Lane aged = longestWaiting();
      if (now.isAfter(oldest(aged).readyAt.plus(ageing))) {
        // Beyond its share: it is not counted, so that the lane does not pay for it later.
        return take(aged);
      }
    }
    served = first.pass;
    first.pass += first.stride;
    return take(first);
  }

  /**
   * The next claim of {@code priority} alone, taken out; null when there is none. Not counted
   * against its share: this is what reserved slots are for.
   */
  @Nullable Claim nextOf(Priority priority) {
    Lane lane = lane(priority);
    return lane.claims.isEmpty() ? null : take(lane);
  }

  private Lane longestWaiting() {
    Lane longest = null;
    for (Lane lane : all) {
      if (!lane.claims.isEmpty()
          && (longest == null || oldest(lane).readyAt.isBefore(oldest(longest).readyAt))) {
        longest = lane;
      }
    }
    return Objects.requireNonNull(longest);
  }

  private static Claim oldest(Lane lane) {
    return lane.claims.getFirst();
  }

  private Claim take(Lane lane) {
    size--;
    return lane.claims.removeFirst();
  }

  private Lane lane(Priority priority) {
    return Objects.requireNonNull(lanes.get(priority));
  }
}
