package dev.penstock.worker.core;

import dev.penstock.job.Priority;
import dev.penstock.worker.admit.Admission;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * All claims that wait until they are admitted, each at its {@link Gate}. Not thread-safe.
 *
 * <p>There are as many gates as there are models with claims that wait.
 */
final class Gates {
  private final Admission admission;
  private final Lanes lanes;
  private final Map<String, Gate> byName = new LinkedHashMap<>();
  private int size;

  Gates(Admission admission, Lanes lanes) {
    this.admission = admission;
    this.lanes = lanes;
  }

  /** The gate that a claim has to stand at, because others of its kind do; null for none. */
  @Nullable Gate before(Claim claim) {
    return byName.isEmpty() ? null : byName.get(admission.gate(claim.record()));
  }

  /** Puts a claim at the end of those that wait at the gate. */
  void add(Gate gate, Claim claim, Instant now) {
    claim.readyAt = now;
    claim.gate = gate;
    claim.phase = Claim.Phase.GATED;
    lanes.addAt(gate, claim);
    size++;
  }

  /** Puts one back that was taken out and has to wait on: before those that wait behind it. */
  void putBack(Gate gate, Claim claim) {
    claim.gate = gate;
    claim.phase = Claim.Phase.GATED;
    gate.addFirst(claim);
    size++;
  }

  /** Closes the gate of a claim that has to wait, and makes one where there is none. */
  Gate close(Claim claim, Admission.Verdict.Wait wait) {
    Gate gate = byName.computeIfAbsent(admission.gate(claim.record()), Gate::new);
    lanes.close(gate);
    gate.until = wait.until();
    gate.since = wait.since();
    gate.version = admission.version();
    return gate;
  }

  /** Takes out one that is settled without a call, or dropped. */
  void remove(Claim claim) {
    Gate gate = Objects.requireNonNull(claim.gate);
    lanes.removeAt(gate, claim);
    taken();
    forgetIfEmpty(gate);
  }

  /** One has been taken out by the lanes. */
  void taken() {
    size--;
  }

  /** Nobody has to wait any more where nobody waits. */
  void forgetIfEmpty(Gate gate) {
    if (gate.isEmpty()) {
      lanes.close(gate);
      byName.remove(gate.name, gate);
    }
  }

  /** Lets the lanes try those whose time has come, or for which something has changed. */
  void open(Instant now) {
    if (byName.isEmpty()) {
      return;
    }
    long version = admission.version();
    for (Gate gate : byName.values()) {
      if (gate.mayOpen(version, now)) {
        lanes.open(gate);
      }
    }
  }

  /** When one is to be tried, if nothing else happens. */
  Instant nextOpening() {
    Instant next = Instant.MAX;
    for (Gate gate : byName.values()) {
      if (!gate.open && gate.until.isBefore(next)) {
        next = gate.until;
      }
    }
    return next;
  }

  /** The longest that the first at a gate, or the first that waits for a slot, could have run. */
  Duration longestWait(Instant now) {
    Duration longest = lanes.longestWait(now);
    for (Gate gate : byName.values()) {
      for (Priority priority : Priority.all()) {
        if (!gate.of(priority).isEmpty()) {
          longest = Lanes.longer(longest, gate.of(priority).getFirst().waited(now));
        }
      }
    }
    return longest;
  }

  int size() {
    return size;
  }
}
