package dev.penstock.worker.answer;

import dev.penstock.cache.CacheRecord;
import dev.penstock.cache.Fingerprint;
import dev.penstock.job.JobRecord;
import dev.penstock.provider.ProviderResult;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether somebody has asked the same already: for an answer that is kept, or for a call that is
 * being made.
 *
 * <p>Called on the core's thread only. No clock and no thread of its own: the same questions at the
 * same times have the same answers.
 */
public interface AnswerCache {
  /** No job shares its answer. */
  AnswerCache NONE =
      new AnswerCache() {
        @Override
        public @Nullable CacheRequest request(JobRecord record) {
          return null;
        }

        @Override
        public Finding look(CacheRequest request, Instant now) {
          return new Finding.Bypassed("off");
        }

        @Override
        public Bid bid(CacheRequest request, Instant now) {
          throw new IllegalStateException("nothing is cached");
        }
      };

  /** What the job asks, if it may share an answer; null when it may not. */
  @Nullable CacheRequest request(JobRecord record);

  /** What there is for a request now. Counts nothing. */
  Finding look(CacheRequest request, Instant now);

  /** Asks to be the one who makes the call. It was free just now. */
  Bid bid(CacheRequest request, Instant now);

  /** Those for which {@link #look}, or a bid's standing, may have another answer than before. */
  default Set<Fingerprint> news() {
    return Set.of();
  }

  /**
   * What was read of the log, in its order.
   *
   * @param fromStart whether it begins anew: what was read before does not count any more
   * @param caughtUp whether all was read that stood there when the reading began
   */
  default void heard(List<Logged> records, boolean fromStart, boolean caughtUp, Instant now) {}

  /** Time has passed; called some times a second. */
  default void tick(Instant now) {}

  /** No further calls are made. */
  default void drain(Instant now) {}

  /** A job was served with a kept answer. */
  default void served(CacheRequest request) {}

  /** A job begins to wait for another one's call. */
  default void joined(CacheRequest request) {}

  /** A call is made past the cache. */
  default void bypassed(CacheRequest request, String reason) {}

  /**
   * A record of the log.
   *
   * @param at the time that the broker gave it
   * @param bytes its size
   */
  record Logged(CacheRecord record, long offset, Instant at, int bytes) {}

  /** What there is for a request. */
  sealed interface Finding {
    /** An answer. */
    record Found(KeptAnswer answer) implements Finding {}

    /**
     * Somebody makes the call, or is about to.
     *
     * @param until when to look again at the latest
     */
    record Joins(Instant until) implements Finding {}

    /** Nobody makes the call. */
    record Free() implements Finding {}

    /**
     * The call is made past the cache.
     *
     * @param reason in a word of few
     */
    record Bypassed(String reason) implements Finding {}
  }

  /** That one job of this worker is to make the call for all. Ended or released once. */
  interface Bid {
    /** How it stands. */
    Standing standing(Instant now);

    /** When to ask again at the latest. */
    Instant until();

    /**
     * The call was made and answered.
     *
     * @param provider who was called
     * @param asked the model that was asked for, where the job's own model does not say it, or null
     */
    void answered(
        ProviderResult.Answered answer, String provider, @Nullable String asked, Instant now);

    /**
     * The call is not made, or came to nothing.
     *
     * @param fruitless whether it was made and another one may well end the same way
     */
    void released(boolean fruitless);
  }

  /** How a bid stands. */
  enum Standing {
    /** It is not known yet. */
    OPEN,
    /** The call is to be made, for all. */
    WON,
    /** Somebody else was first. */
    LOST,
    /** It is not to be learned: the call is to be made past the cache. */
    VOID
  }
}
