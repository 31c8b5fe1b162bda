package dev.penstock.worker.core;

import dev.penstock.job.Priority;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/**
 * The claims that wait for the same reason, first-in first-out within each priority. While it is
 * open they take part in the {@link Lanes}; the first that has to wait on closes it for all. So
 * that a gate opens costs what can be started, not what waits. Only {@link Lanes} changes it. Not
 * thread-safe.
 */
final class Gate {
  final String name;

  private final Map<Priority, SequencedSet<Claim>> claims = new EnumMap<>(Priority.class);
  private int size;

  boolean open;

  /** When it is tried again, if nothing else happens. */
  Instant until = Instant.MAX;

  /** The admission's version when it was closed. */
  long version;

  /** Since when nobody can be called; null where calls go on and these are too many. */
  @Nullable Instant since;

  Gate(String name) {
    this.name = name;
    Priority.all().forEach(priority -> claims.put(priority, new LinkedHashSet<>()));
  }

  SequencedSet<Claim> of(Priority priority) {
    return Objects.requireNonNull(claims.get(priority));
  }

  void add(Claim claim) {
    size += of(claim.lane()).add(claim) ? 1 : 0;
  }

  void addFirst(Claim claim) {
    of(claim.lane()).addFirst(claim);
    size++;
  }

  void remove(Claim claim) {
    size -= of(claim.lane()).remove(claim) ? 1 : 0;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Whether it is to be tried again. */
  boolean mayOpen(long newVersion, Instant now) {
    return !open && (newVersion != version || !until.isAfter(now));
  }
}
