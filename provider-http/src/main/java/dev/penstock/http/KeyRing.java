package dev.penstock.http;

import dev.penstock.config.Secret;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one provider, taken in turn by their weights (smooth weighted round robin, as nginx
 * has it). A key that was refused rests, so that the others serve; when all rest, the one that
 * rested longest is tried, so that a key that was mended is found. Thread-safe.
 */
final class KeyRing {
  private final List<Slot> slots;
  private final long restNanos;
  private final LongSupplier nanoTime;

  KeyRing(List<KeySource> sources, Duration rest, LongSupplier nanoTime) {
    this.slots = sources.stream().map(Slot::new).toList();
    this.restNanos = rest.toNanos();
    this.nanoTime = nanoTime;
  }

  /**
   * A key for one call.
   *
   * @param label where it comes from
   */
  record Key(String label, Secret secret) {}

  private static final class Slot {
    private final KeySource source;
    private long current;
    private long refusedAt;
    private @Nullable Secret refused;

    /** The last one of which was told that it is refused. */
    private @Nullable Secret told;

    private Slot(KeySource source) {
      this.source = source;
    }

    /** A secret that has changed since it was refused is another one. */
    private boolean rests(Secret now, long nanos, long restNanos) {
      if (refused != null && (!refused.equals(now) || nanos - refusedAt >= restNanos)) {
        refused = null;
      }
      return refused != null;
    }
  }

  int size() {
    return slots.size();
  }

  /** The next key; none where no key is configured. */
  synchronized Optional<Key> next() {
    Optional<Key> awake = awake();
    if (awake.isPresent() || slots.isEmpty()) {
      return awake;
    }
    Slot oldest = slots.getFirst();
    for (Slot slot : slots) {
      if (slot.refusedAt - oldest.refusedAt < 0) {
        oldest = slot;
      }
    }
    return Optional.of(new Key(oldest.source.label(), oldest.source.value().get()));
  }

  /** The next key that does not rest; none where all do. */
  synchronized Optional<Key> awake() {
    long now = nanoTime.getAsLong();
    var candidates = new ArrayList<Slot>();
    long weights = 0;
    for (Slot slot : slots) {
      if (!slot.rests(slot.source.value().get(), now, restNanos)) {
        candidates.add(slot);
        slot.current += slot.source.weight();
        weights += slot.source.weight();
      }
    }
    Slot best = null;
    for (Slot slot : candidates) {
      if (best == null || slot.current > best.current) {
        best = slot;
      }
    }
    if (best == null) {
      return Optional.empty();
    }
    best.current -= weights;
    return Optional.of(new Key(best.source.label(), best.source.value().get()));
  }

  /**
   * The provider does not take this key.
   *
   * @return whether that is news
   */
  synchronized boolean refuse(Key key) {
    boolean news = false;
    for (Slot slot : slots) {
      if (slot.source.label().equals(key.label())) {
        news |= !key.secret().equals(slot.told);
        slot.told = key.secret();
        slot.refused = key.secret();
        slot.refusedAt = nanoTime.getAsLong();
      }
    }
    return news;
  }
}
