package dev.penstock.worker.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Policy;
import dev.penstock.cache.Fingerprint;
import dev.penstock.job.TenantId;
import dev.penstock.worker.answer.CacheRequest;
import dev.penstock.worker.answer.KeptAnswer;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The answers that are kept in memory, up to a weight. One that has given way is a miss, never
 * wrong. Used on one thread, but its sizes may be read by any.
 */
final class Answers {
  /** About what an entry takes beside its record: objects, and text in memory. */
  private static final int OVERHEAD = 600;

  private final Cache<Fingerprint, KeptAnswer> kept;
  private final Invalidations invalidations;
  private final Duration margin;

  /** Those that were just read and are waited for: none of them gives way before it was used. */
  private final Map<Fingerprint, KeptAnswer> fresh = new HashMap<>();

  private long nanos;

  /**
   * @param bytes how much is kept
   * @param margin how far the clock may be off the broker's
   * @param evicted is told of each that gives way to others
   */
  Answers(long bytes, Duration margin, Invalidations invalidations, Runnable evicted) {
    this.invalidations = invalidations;
    this.margin = margin;
    this.kept =
        Caffeine.newBuilder()
            .maximumWeight(bytes)
            .weigher((Fingerprint _, KeptAnswer answer) -> answer.bytes() + OVERHEAD)
            .ticker(() -> nanos)
            .expireAfter(Expiry.creating((Fingerprint _, KeptAnswer answer) -> remaining(answer)))
            .evictionListener((_, _, cause) -> {
              if (cause == com.github.benmanes.caffeine.cache.RemovalCause.SIZE) {
                evicted.run();
              }
            })
            .executor(Runnable::run)
            .build();
  }

  private Duration remaining(KeptAnswer answer) {
    var now = Instant.ofEpochSecond(0, nanos);
    var remaining = Duration.between(now, answer.expiresAt());
    return remaining.isPositive() ? remaining : Duration.ofNanos(1);
  }

  /** It is that time now. */
  void turn(Instant now) {
    nanos = Duration.between(Instant.EPOCH, now).toNanos();
  }

  /**
   * Keeps an answer, if none of a later call is kept.
   *
   * @param awaited whether somebody waits for it
   */
  void put(Fingerprint request, KeptAnswer answer, boolean awaited) {
    KeptAnswer before = kept.getIfPresent(request);
    if (before != null && before.begunAfter() > answer.begunAfter()) {
      return;
    }
    if (awaited) {
      fresh.put(request, answer);
    }
    kept.put(request, answer);
  }

  /** Those that were waited for have been looked at. */
  void settle() {
    fresh.clear();
  }

  /** An answer for the request that is not too old for it; null when there is none. */
  @Nullable KeptAnswer find(CacheRequest request, Instant now) {
    KeptAnswer answer = fresh.get(request.fingerprint());
    if (answer == null) {
      answer = kept.getIfPresent(request.fingerprint());
    }
    if (answer == null || !isFor(request, answer, now)) {
      return null;
    }
    return answer;
  }

  private boolean isFor(CacheRequest request, KeptAnswer answer, Instant now) {
    Instant latest = now.plus(margin);
    TenantId tenant = request.tenant();
    return answer.record().tenant().equals(tenant)
        && latest.isBefore(answer.expiresAt())
        && latest.isBefore(answer.keptAt().plus(request.ttl()))
        && !invalidations.isAfter(answer.begunAfter(), tenant, answer.record().tags())
        && !invalidations.isAfter(answer.begunAfter(), tenant, request.tags());
  }

  void clear() {
    fresh.clear();
    kept.invalidateAll();
  }

  /** How many there are. Any thread. */
  long count() {
    return kept.estimatedSize();
  }

  /** What they weigh. Any thread. */
  long bytes() {
    return kept.policy().eviction().map(Answers::weight).orElse(0L);
  }

  private static long weight(Policy.Eviction<Fingerprint, KeptAnswer> eviction) {
    return eviction.weightedSize().orElse(0);
  }
}
