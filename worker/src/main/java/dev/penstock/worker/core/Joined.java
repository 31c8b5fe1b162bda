package dev.penstock.worker.core;

import dev.penstock.cache.Fingerprint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * The claims that wait for a call which others make too, by what they ask, and until when at the
 * latest. They are woken by name, so that many different requests cost nothing while they wait. Not
 * thread-safe.
 */
final class Joined {
  private final Map<Fingerprint, SequencedSet<Claim>> byRequest = new HashMap<>();
  private final TreeSet<Claim> byTime =
      new TreeSet<>(
          Comparator.comparing((Claim claim) -> claim.joinedUntil)
              .thenComparing(claim -> claim.partition().topic())
              .thenComparingInt(claim -> claim.partition().partition())
              .thenComparingLong(Claim::offset));

  /** From now on it waits. */
  void add(Claim claim, Instant until) {
    claim.joinedUntil = until;
    byTime.add(claim);
    byRequest.computeIfAbsent(request(claim), _ -> new LinkedHashSet<>()).add(claim);
  }

  /** It does not wait any more. */
  void remove(Claim claim) {
    byTime.remove(claim);
    byRequest.computeIfPresent(
        request(claim),
        (_, claims) -> {
          claims.remove(claim);
          return claims.isEmpty() ? null : claims;
        });
  }

  /** Those that wait for one of these, in the order in which they came. */
  List<Claim> of(Set<Fingerprint> requests) {
    var found = new ArrayList<Claim>();
    for (Fingerprint request : requests) {
      SequencedSet<Claim> claims = byRequest.get(request);
      if (claims != null) {
        found.addAll(claims);
      }
    }
    return found;
  }

  /** Those whose time has come. */
  List<Claim> due(Instant now) {
    var due = new ArrayList<Claim>();
    for (Claim claim : byTime) {
      if (claim.joinedUntil.isAfter(now)) {
        break;
      }
      due.add(claim);
    }
    return due;
  }

  int size() {
    return byTime.size();
  }

  private static Fingerprint request(Claim claim) {
    return Objects.requireNonNull(claim.request).fingerprint();
  }
}
