package dev.penstock.chaos.simulated.kafka;

/**
 * What becomes of requests on their way. Asked for each request, so that faults can come and go.
 */
public interface Network {
  /** What clients ask for. */
  enum Api {
    INIT_PRODUCER,
    PRODUCE,
    COMMIT_OFFSETS,
    END_TRANSACTION,
    HEARTBEAT,
    FETCH_OFFSETS,
    LIST_OFFSETS,
    FETCH
  }

  /**
   * The way of one request.
   *
   * @param thereNanos until the broker does it
   * @param backNanos until its answer is there
   * @param arrives whether the broker gets it
   * @param answered whether the client gets the answer
   */
  record Way(long thereNanos, long backNanos, boolean arrives, boolean answered) {}

  /** The way of the next request of {@code client}. */
  Way way(String client, Api api);

  /** How long a transaction marker takes to get into a partition. */
  long markerNanos();

  /** Whether the topic can be read by the client at the moment. */
  boolean delivers(String client, String topic);
}
