package dev.penstock.streams.view;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * How far one input partition has been folded into the view, as the offset of the next record.
 * Transaction markers and aborted records occupy offsets but reach no processor, so this joins what
 * the processor did with where the consumer stands: once everything that was polled is processed,
 * the consumer's position counts.
 *
 * <p>The stream thread writes, any thread reads and waits.
 */
public final class InputProgress {
  static final long UNKNOWN = -1;

  private volatile long position = UNKNOWN;

  /** The lowest offset that someone waits for. */
  private volatile long lowestTarget = Long.MAX_VALUE;

  private final PriorityQueue<Waiter> waiters =
      new PriorityQueue<>(Comparator.comparingLong(Waiter::target));

  // The stream thread's own.
  private long polledEnd = UNKNOWN;
  private long processedEnd = UNKNOWN;
  private long consumerPosition = UNKNOWN;

  private record Waiter(long target, Signal signal) {}

  /** Everything below this offset is in the view; -1 while it is not known. */
  public long position() {
    return position;
  }

  /** The consumer handed out the records from {@code firstOffset} to {@code lastOffset}. */
  public void polled(long firstOffset, long lastOffset) {
    if (polledEnd == UNKNOWN) {
      processedEnd = firstOffset;
    }
    polledEnd = lastOffset + 1;
    publish();
  }

  /** The consumer will fetch {@code nextOffset} next. */
  public void consumerAt(long nextOffset) {
    consumerPosition = nextOffset;
    publish();
  }

  /** The record at {@code offset} is in the view, or was found to hold nothing for it. */
  public void processed(long offset) {
    processedEnd = offset + 1;
    publish();
  }

  /** Whether the consumer's position was told at least once. */
  public boolean isConsumerKnown() {
    return consumerPosition != UNKNOWN;
  }

  /** Gives {@code signal} once the position is {@code target} or more, at once if it is already. */
  public void tellAt(long target, Signal signal) {
    synchronized (waiters) {
      waiters.add(new Waiter(target, signal));
      lowestTarget = Math.min(lowestTarget, target);
    }
    if (position >= target) {
      wake(position);
    }
  }

  /** Forgets what {@link #tellAt} was asked for. */
  public void forget(Signal signal) {
    synchronized (waiters) {
      waiters.removeIf(waiter -> waiter.signal == signal);
      lowestTarget = waiters.isEmpty() ? Long.MAX_VALUE : waiters.element().target;
    }
  }

  /** Wakes everyone who waits, whatever the position. */
  void wakeAll() {
    wake(Long.MAX_VALUE);
  }

  private void publish() {
    long reached =
        processedEnd >= polledEnd ? Math.max(consumerPosition, processedEnd) : processedEnd;
    if (reached > position) {
      position = reached;
      // Written before the target is read, as the waiter writes its target before it reads the
      // position: one of them sees the other.
      if (reached >= lowestTarget) {
        wake(reached);
      }
    }
  }

  private void wake(long reached) {
    List<Signal> reachedBy = new ArrayList<>();
    synchronized (waiters) {
      while (!waiters.isEmpty() && waiters.element().target <= reached) {
        reachedBy.add(waiters.remove().signal);
      }
      lowestTarget = waiters.isEmpty() ? Long.MAX_VALUE : waiters.element().target;
    }
    reachedBy.forEach(Signal::give);
  }
}
