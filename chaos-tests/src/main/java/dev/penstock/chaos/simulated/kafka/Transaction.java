package dev.penstock.chaos.simulated.kafka;

/** One transaction, from its first record to its markers. */
final class Transaction {
  /** What has become of it. */
  enum Fate {
    OPEN,
    COMMITTED,
    ABORTED
  }

  private final long producerId;
  private Fate fate = Fate.OPEN;

  Transaction(long producerId) {
    this.producerId = producerId;
  }

  long producerId() {
    return producerId;
  }

  Fate fate() {
    return fate;
  }

  void decide(boolean commit) {
    fate = commit ? Fate.COMMITTED : Fate.ABORTED;
  }
}
