package dev.penstock.worker.core;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;

/** The claims whose results are wanted only for some time, soonest first. Not thread-safe. */
final class Perishables {
  private final TreeSet<Claim> claims =
      new TreeSet<>(
          Comparator.comparing(Perishables::expireAt)
              .thenComparing(claim -> claim.partition().topic())
              .thenComparingInt(claim -> claim.partition().partition())
              .thenComparingLong(Claim::offset));

  /** Takes it in, if it is one of them. */
  void add(Claim claim) {
    if (isOne(claim)) {
      claims.add(claim);
    }
  }

  /** Forgets it, if it is here. */
  void remove(Claim claim) {
    if (isOne(claim)) {
      claims.remove(claim);
    }
  }

  /** Those whose result nobody wants any more. */
  List<Claim> expired(Instant now) {
    var expired = new ArrayList<Claim>();
    for (Claim claim : claims) {
      if (expireAt(claim).isAfter(now)) {
        break;
      }
      expired.add(claim);
    }
    return expired;
  }

  private static boolean isOne(Claim claim) {
    return claim.record().job().expireAt() != null;
  }

  private static Instant expireAt(Claim claim) {
    return Objects.requireNonNull(claim.record().job().expireAt());
  }
}
