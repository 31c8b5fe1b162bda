package dev.penstock.worker.cache;

import dev.penstock.job.CacheTag;
import dev.penstock.job.TenantId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where on the log each tag was invalidated last. Not thread-safe.
 *
 * <p>When there are too many, the oldest is forgotten, and everything from before it counts as
 * invalid: nothing is used that should not be.
 */
final class Invalidations {
  private final int most;
  private final Map<Tag, Long> offsets = new LinkedHashMap<>();
  private long floor = -1;

  private record Tag(TenantId tenant, CacheTag tag) {}

  Invalidations(int most) {
    this.most = most;
  }

  /** The tag was invalidated at that place of the log, later than all before. */
  void add(TenantId tenant, CacheTag tag, long offset) {
    var key = new Tag(tenant, tag);
    offsets.remove(key);
    offsets.put(key, offset);
    if (offsets.size() > most) {
      var oldest = offsets.entrySet().iterator();
      floor = oldest.next().getValue();
      oldest.remove();
    }
  }

  /** Whether one of the tags, or one that stands for it, was invalidated after that place. */
  boolean isAfter(long offset, TenantId tenant, List<CacheTag> tags) {
    if (offset < floor) {
      return true;
    }
    if (offsets.isEmpty()) {
      return false;
    }
    for (CacheTag tag : tags) {
      for (CacheTag each : tag.lineage()) {
        Long at = offsets.get(new Tag(tenant, each));
        if (at != null && at > offset) {
          return true;
        }
      }
    }
    return false;
  }

  void clear() {
    offsets.clear();
    floor = -1;
  }
}
