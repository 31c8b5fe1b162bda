package dev.penstock.streams.partial;

import dev.penstock.job.JobId;
import dev.penstock.job.PartialAnswer;
import dev.penstock.streams.view.Signal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Someone who wants to see a job's answer while it is written, until it is closed. Keeps what has
 * come and was not taken, within a bound: of more, the oldest is left out. Thread-safe.
 */
public final class Watch implements AutoCloseable {
  /** A client that takes nothing for some seconds misses what came meanwhile. */
  static final int MAX_UNTAKEN = 64;

  private final PartialTail tail;
  private final JobId job;
  private final int partition;
  private final Signal signal;
  private final Deque<PartialAnswer> untaken = new ArrayDeque<>();
  private long seen = -1;

  Watch(PartialTail tail, JobId job, int partition, Signal signal) {
    this.tail = tail;
    this.job = job;
    this.partition = partition;
    this.signal = signal;
  }

  JobId job() {
    return job;
  }

  int partition() {
    return partition;
  }

  /**
   * A piece was read.
   *
   * @param offset where it stands: those who came later have the partition read again from before
   */
  void came(PartialAnswer piece, long offset) {
    synchronized (untaken) {
      if (offset <= seen) {
        return;
      }
      seen = offset;
      if (untaken.size() == MAX_UNTAKEN) {
        untaken.removeFirst();
      }
      untaken.addLast(piece);
    }
    signal.give();
  }

  /** What has come since the last time, in order. */
  public List<PartialAnswer> take() {
    synchronized (untaken) {
      List<PartialAnswer> taken = new ArrayList<>(untaken);
      untaken.clear();
      return taken;
    }
  }

  @Override
  public void close() {
    tail.end(this);
  }
}
