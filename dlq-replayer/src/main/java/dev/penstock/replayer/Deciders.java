package dev.penstock.replayer;

import dev.penstock.replayer.replay.DecidedPartition;
import dev.penstock.runtime.ownership.PartitionOwnership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A decider for each partition that this process owns, each on a thread of its own. Thread-safe.
 */
final class Deciders implements PartitionOwnership.Listener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Deciders.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final IntFunction<DecidedPartition> deciders;

  // Guarded by this.
  private final Map<Integer, Running> running = new HashMap<>();
  private final List<Thread> ending = new ArrayList<>();
  private boolean closed;

  private record Running(DecidedPartition decided, Thread thread) {}

  /**
   * @param deciders makes the one of a partition
   */
  Deciders(IntFunction<DecidedPartition> deciders) {
    this.deciders = deciders;
  }

  @Override
  public synchronized void gained(int partition) {
    if (closed || running.containsKey(partition)) {
      return;
    }
    DecidedPartition decided = deciders.apply(partition);
    running.put(
        partition,
        new Running(
            decided, Thread.ofVirtual().name("replayer-decider-" + partition).start(decided)));
  }

  @Override
  public synchronized void lost(int partition) {
    Running lost = running.remove(partition);
    if (lost != null) {
      lost.decided.stop();
      ending.removeIf(thread -> !thread.isAlive());
      ending.add(lost.thread);
    }
  }

  /** Why a partition can't be decided about, if any can't. */
  synchronized Optional<String> problem() {
    for (Running each : running.values()) {
      @Nullable String problem = each.decided.problem();
      if (problem != null) {
        return Optional.of(problem);
      }
    }
    return Optional.empty();
  }

  /** Lets each finish the step that it is at. */
  @Override
  public void close() {
    List<Thread> threads;
    synchronized (this) {
      closed = true;
      List.copyOf(running.keySet()).forEach(this::lost);
      threads = List.copyOf(ending);
    }
    long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
    try {
      for (Thread thread : threads) {
        long left = Math.max(1, deadline - System.nanoTime());
        if (!thread.join(Duration.ofNanos(left))) {
          log.warn("{} did not end in {} and is interrupted", thread.getName(), CLOSE_TIMEOUT);
          thread.interrupt();
        }
      }
    } catch (InterruptedException _) {
      threads.forEach(Thread::interrupt);
      Thread.currentThread().interrupt();
    }
  }
}
