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
      lanes.put(priority, new Lane(priority, SCALE / rule.weight(priority)));
    }
    this.all = List.copyOf(lanes.values());
  }

  /** The claims of one priority. */
  private static final class Lane {
    final Deque<Claim> claims = new ArrayDeque<>();

    /** The open gates that have claims of this priority, in the order of their turns. */
    final Deque<Gate> gates = new ArrayDeque<>();

    /** Whether a gate is next, where others wait too. */
    boolean gatesTurn;

    /** By how much a pick takes it on. */
    final long stride;

    /** The lane that is least far on is picked next. */
    long pass;

    final Priority priority;

    Lane(Priority priority, long stride) {
      this.priority = priority;
      this.stride = stride;
    }

    boolean isEmpty() {
      return claims.isEmpty() && gates.isEmpty();
    }

    /** The gate whose turn it is, or null where it is that of those without one. */
    @Nullable Gate nextGate() {
      return claims.isEmpty() || gatesTurn ? gates.peekFirst() : null;
    }
  }

  /** Puts a claim that is ready at the end of its lane. */
  void add(Claim claim, Instant now) {
    claim.readyAt = now;
    Lane lane = lane(claim.lane());
    joined(lane);
    lane.claims.add(claim);
    size++;
  }

  /** A lane that was empty has not saved anything up. */
  private void joined(Lane lane) {
    if (lane.isEmpty()) {
      lane.pass = Math.max(lane.pass, served);
    }
  }

  /** Puts a claim at the end of its lane at the gate. */
  void addAt(Gate gate, Claim claim) {
    boolean first = gate.of(claim.lane()).isEmpty();
    gate.add(claim);
    if (gate.open && first) {
      Lane lane = lane(claim.lane());
      joined(lane);
      lane.gates.add(gate);
    }
  }

  /** Takes a claim out of where it waits at the gate. */
  void removeAt(Gate gate, Claim claim) {
    gate.remove(claim);
    if (gate.open && gate.of(claim.lane()).isEmpty()) {
      lane(claim.lane()).gates.remove(gate);
    }
  }

  /** From now on the gate's claims are among the picks: they share each lane by turns. */
  void open(Gate gate) {
    gate.open = true;
    for (Priority priority : Priority.all()) {
      if (!gate.of(priority).isEmpty()) {
        Lane lane = lane(priority);
        joined(lane);
        lane.gates.add(gate);
      }
    }
  }

  /** The gate's claims are not picked. */
  void close(Gate gate) {
    if (gate.open) {
      gate.open = false;
      all.forEach(lane -> lane.gates.remove(gate));
    }
  }

  /** Takes a claim out; false when it is not here. */
  boolean remove(Claim claim) {
    boolean removed = lane(claim.lane()).claims.remove(claim);
    size -= removed ? 1 : 0;
    return removed;
  }

  /** How many wait, those at gates not counted. */
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
      if (!lane.isEmpty()) {
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
    return lane.isEmpty() ? null : take(lane);
  }

  private Lane longestWaiting() {
    Lane longest = null;
    for (Lane lane : all) {
      if (!lane.isEmpty()
          && (longest == null || oldest(lane).readyAt.isBefore(oldest(longest).readyAt))) {
        longest = lane;
      }
    }
    return Objects.requireNonNull(longest);
  }

  /** The longest that the first of a lane could have run; those at gates not counted. */
  Duration longestWait(Instant now) {
    Duration longest = Duration.ZERO;
    for (Lane lane : all) {
      Claim first = lane.claims.peekFirst();
      longest = first == null ? longest : longer(longest, first.waited(now));
    }
    return longest;
  }

  static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static Claim oldest(Lane lane) {
    Gate gate = lane.nextGate();
    return gate == null ? lane.claims.getFirst() : gate.of(lane.priority).getFirst();
  }

  private Claim take(Lane lane) {
    Gate gate = lane.nextGate();
    lane.gatesTurn = gate == null;
    if (gate == null) {
      size--;
      return lane.claims.removeFirst();
    }
    lane.gates.removeFirst();
    Claim claim = gate.of(lane.priority).getFirst();
    gate.remove(claim);
    if (!gate.of(lane.priority).isEmpty()) {
      lane.gates.addLast(gate);
    }
    return claim;
  }

  private Lane lane(Priority priority) {
    return Objects.requireNonNull(lanes.get(priority));
  }
}
