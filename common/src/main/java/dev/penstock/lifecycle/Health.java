package dev.penstock.lifecycle;

/** How a service is. */
public sealed interface Health {
  Health READY = new Ready();

  record Ready() implements Health {}

  /** Alive, but not able to do its work now: starting, restoring, cut off from Kafka, stopping. */
  record NotReady(String reason) implements Health {}

  /** Does not come back by itself; the process is to be restarted. */
  record Dead(String reason) implements Health {}
}
