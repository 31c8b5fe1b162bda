package dev.penstock.replayer;

import dev.penstock.replayer.plan.Coordinator;
import dev.penstock.runtime.ownership.PartitionOwnership;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The coordinator of the plans, while this process owns the first partition. Thread-safe. */
final class Coordination implements PartitionOwnership.Listener, AutoCloseable {
  /** Whoever owns it coordinates. */
  static final int PARTITION = 0;

  private final Supplier<Coordinator> coordinators;

  // Guarded by this.
  private @Nullable Coordinator running;
  private boolean closed;

  /**
   * @param coordinators makes one that does not run
   */
  Coordination(Supplier<Coordinator> coordinators) {
    this.coordinators = coordinators;
  }

  @Override
  public synchronized void gained(int partition) {
    if (partition == PARTITION && running == null && !closed) {
      Coordinator begun = coordinators.get();
      running = begun;
      Thread.ofVirtual().name("replayer-coordinator").start(begun);
    }
  }

  @Override
  public synchronized void lost(int partition) {
    if (partition == PARTITION && running != null) {
      running.close();
      running = null;
    }
  }

  /** The one that runs here; nothing while another process has it. */
  synchronized Optional<Coordinator> here() {
    return Optional.ofNullable(running);
  }

  @Override
  public synchronized void close() {
    closed = true;
    lost(PARTITION);
  }
}
