package dev.penstock.worker.partial;

/** What is measured of partial answers. Thread-safe. */
public interface PartialMetrics {
  /** Measures nothing. */
  PartialMetrics NONE =
      new PartialMetrics() {
        @Override
        public void told() {}

        @Override
        public void notTold() {}

        @Override
        public void leftOut(long chars) {}
      };

  /** A piece was handed to Kafka. */
  void told();

  /** Kafka did not take a piece in time, and it is not sent again. */
  void notTold();

  /** So many characters were written faster than they may be told. */
  void leftOut(long chars);
}
