package dev.penstock.worker.answer;

import dev.penstock.cache.CacheRecord;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Served;
import dev.penstock.job.Usage;
import java.time.Instant;

/**
 * An answer as it stands on the log.
 *
 * @param begunAfter the offset after which its call was begun
 * @param keptAt the time that the broker gave it
 */
public record KeptAnswer(CacheRecord.Answer record, long begunAfter, Instant keptAt, int bytes) {
  /** What the provider answered. */
  public JobOutput output() {
    return record.output();
  }

  /** The provider that answered. */
  public String provider() {
    return record.provider();
  }

  /** What is known of an attempt that is served with it: it uses nothing and costs nothing. */
  public Served served() {
    Served made = record.served();
    return new Served(
        made == null ? null : made.providerModel(),
        made == null ? null : made.requestId(),
        Usage.NONE,
        0L,
        null,
        null,
        keptAt);
  }

  /** From when on it is not used any more, by the broker's clock. */
  public Instant expiresAt() {
    return keptAt.plus(record.expireAfter());
  }
}
