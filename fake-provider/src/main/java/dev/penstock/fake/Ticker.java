package dev.penstock.fake;

import java.time.Instant;

/** The time, so that tests can turn it. */
interface Ticker {
  /** The machine's. */
  Ticker SYSTEM =
      new Ticker() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public Instant now() {
          return Instant.now();
        }
      };

  /** Nanoseconds since some moment; never goes back. */
  long nanos();

  /** What a calendar and a clock on the wall show. */
  Instant now();
}
