package dev.penstock.job;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether a job may be answered by what an identical one came to, and others by what it comes to.
 *
 * @param allowed false when it is to be called for in any case, and its answer not kept
 * @param ttl how old an answer may be, and how long its own is kept; null for as its route has it
 * @param tags what its answer can be invalidated by
 */
public record CacheRule(boolean allowed, @Nullable Duration ttl, List<CacheTag> tags) {
  public static final Duration MIN_TTL = Duration.ofSeconds(1);
  public static final Duration MAX_TTL = Duration.ofDays(30);
  public static final int MAX_TAGS = 8;

  /** Of a job that is to be called for in any case. */
  public static final CacheRule NEVER = new CacheRule(false, null, List.of());

  public CacheRule {
    tags = List.copyOf(tags);
    if (ttl != null && (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0)) {
      throw new IllegalArgumentException("a cache's ttl is " + MIN_TTL + " to " + MAX_TTL);
    }
    if (tags.size() > MAX_TAGS) {
      throw new IllegalArgumentException("there are at most " + MAX_TAGS + " cache tags");
    }
    if (!allowed && (ttl != null || !tags.isEmpty())) {
      throw new IllegalArgumentException("what is not cached has no ttl and no tags");
    }
  }
}
