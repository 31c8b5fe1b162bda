package dev.penstock.lifecycle;

/** How a service is. */
public sealed interface Health {
  Health READY = new Ready("");

  /**
   * Does its work.
   *
   * @param note what people should know nevertheless; mostly empty
   */
  record Ready(String note) implements Health {}

  /** Alive, but not able to do its work now: starting, restoring, cut off from Kafka, stopping. */
  record NotReady(String reason) implements Health {}

  /** Does not come back by itself; the process is to be restarted. */
  record Dead(String reason) implements Health {}
}
