package dev.penstock.worker.cache;

import dev.penstock.job.Job;
import java.util.function.LongSupplier;

/** What is counted of the cache. Called on the core's thread. */
public interface CacheMetrics {
  /** Measures nothing. */
  CacheMetrics NONE =
      new CacheMetrics() {
        @Override
        public void counted(Event event, Job job) {}

        @Override
        public void bypassed(Job job, String reason) {}

        @Override
        public void evicted() {}

        @Override
        public void sizes(LongSupplier entries, LongSupplier bytes) {}
      };

  /** What may happen to a job that may share an answer. */
  enum Event {
    /** It was served with a kept answer. */
    HIT,
    /** It makes the call, for all. */
    MISS,
    /** It begins to wait for another one's call. */
    WAIT,
    /** What it came to is kept. */
    STORE
  }

  void counted(Event event, Job job);

  /** A call was made past the cache. */
  void bypassed(Job job, String reason);

  /** An answer gave way to others. */
  void evicted();

  /** From now on this is what is kept. The suppliers may be asked by any thread. */
  void sizes(LongSupplier entries, LongSupplier bytes);
}
