package dev.penstock.cache;

import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands on the topic of the cache, in one partition: all workers read it in one order, and
 * who makes a call follows from that order alone.
 */
public sealed interface CacheRecord {
  /** What its record is keyed by; of those with the same key the topic keeps the last for good. */
  String key();

  /**
   * One life of a worker.
   *
   * @param worker its name
   * @param incarnation tells its lives apart
   */
  record Owner(String worker, int incarnation) {}

  /**
   * The owner is about to make the call for {@code request}, if nobody else is.
   *
   * @param number tells apart what one owner claims
   * @param tags what the answer can be invalidated by
   */
  record Claim(Fingerprint request, Owner owner, long number, TenantId tenant, List<CacheTag> tags)
      implements CacheRecord {
    public Claim {
      tags = bounded(tags);
    }

    @Override
    public String key() {
      return request.hex();
    }
  }

  /**
   * What a call came to.
   *
   * @param claim the offset of the claim that the call was made under; null where the answer was
   *     given from elsewhere
   * @param expireAfter how long it is kept, from the time that the broker gave the record
   * @param provider who made it
   * @param served what else is known of its call, or null
   */
  record Answer(
      Fingerprint request,
      @Nullable Long claim,
      TenantId tenant,
      List<CacheTag> tags,
      Duration expireAfter,
      String provider,
      @Nullable Served served,
      JobOutput output)
      implements CacheRecord {
    public Answer {
      tags = bounded(tags);
      if (expireAfter.compareTo(CacheRule.MIN_TTL) < 0
          || expireAfter.compareTo(CacheRule.MAX_TTL) > 0) {
        throw new IllegalArgumentException("an answer is kept 1 s to 30 days");
      }
    }

    @Override
    public String key() {
      return request.hex();
    }
  }

  /**
   * The owner does not make the call, or it came to nothing that others can use.
   *
   * @param number which of its claims
   * @param fruitless whether the call was made and another one may well end the same way
   */
  record Released(Fingerprint request, Owner owner, long number, boolean fruitless)
      implements CacheRecord {
    @Override
    public String key() {
      return request.hex();
    }
  }

  /** Answers with this tag, or one below it, are not used any more if they were begun before. */
  record Invalidated(TenantId tenant, CacheTag tag) implements CacheRecord {
    @Override
    public String key() {
      return "tag " + tenant + " " + tag;
    }
  }

  /**
   * The owner is alive.
   *
   * @param number how many it has written before
   */
  record Beat(Owner owner, long number) implements CacheRecord {
    @Override
    public String key() {
      return "worker " + owner.worker();
    }
  }

  private static List<CacheTag> bounded(List<CacheTag> tags) {
    if (tags.size() > CacheRule.MAX_TAGS) {
      throw new IllegalArgumentException("there are at most " + CacheRule.MAX_TAGS + " tags");
    }
    return List.copyOf(tags);
  }
}
