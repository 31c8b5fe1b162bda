package dev.penstock.worker.hold;

import dev.penstock.job.JobId;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Overhears what the core is told of requests to cancel jobs or to run them now, so that jobs in
 * the hold topics are found. It decides nothing: a request that is not known here is only found
 * later. Thread-safe.
 */
public final class RequestBook implements Requests {
  /** The most requests of each kind that are remembered; the oldest give way. */
  static final int MAX_REQUESTS = 1_000_000;

  /** The latest comes last. */
  private final SequencedMap<JobId, Asked> cancels = new LinkedHashMap<>();

  private final SequencedMap<JobId, Asked> hurries = new LinkedHashMap<>();
  private long latest;

  /** A request: its number, and what it is for. */
  private record Asked(long number, int generation, int attempts) {
    boolean isOlderWaitThan(Asked other) {
      return generation < other.generation
          || (generation == other.generation && attempts < other.attempts);
    }
  }

  /**
   * An inbox that hands everything on to {@code core}. All requests are told it from the beginning
   * of their topic, so what was known before is forgotten.
   */
  public CoreInbox listeningFor(CoreInbox core) {
    synchronized (this) {
      cancels.clear();
      hurries.clear();
    }
    return new CoreInbox() {
      @Override
      public void tell(CoreEvent event) {
        hear(event);
        core.tell(event);
      }

      @Override
      public int backlog() {
        return core.backlog();
      }
    };
  }

  private synchronized void hear(CoreEvent event) {
    if (event instanceof CoreEvent.CancelRequested(JobId jobId, int generation)) {
      put(cancels, jobId, generation, 0);
    } else if (event instanceof CoreEvent.CancelForgotten(JobId jobId)) {
      cancels.remove(jobId);
    } else if (event instanceof CoreEvent.RetryNowRequested(RetryNowRequest request)) {
      put(hurries, request.jobId(), request.generation(), request.attempts());
    } else if (event instanceof CoreEvent.RetryNowForgotten(JobId jobId)) {
      hurries.remove(jobId);
    }
  }

  private void put(SequencedMap<JobId, Asked> book, JobId jobId, int generation, int attempts) {
    var asked = new Asked(latest + 1, generation, attempts);
    Asked known = book.get(jobId);
    if (known != null && asked.isOlderWaitThan(known)) {
      return;
    }
    latest++;
    book.putLast(jobId, asked);
    if (book.size() > MAX_REQUESTS) {
      book.pollFirstEntry();
    }
  }

  @Override
  public synchronized boolean isCancelled(JobId jobId, int generation) {
    Asked asked = cancels.get(jobId);
    return asked != null && asked.generation == generation;
  }

  @Override
  public synchronized boolean isHurried(JobId jobId, int generation, int attempts) {
    Asked asked = hurries.get(jobId);
    return asked != null && asked.generation == generation && asked.attempts == attempts;
  }

  @Override
  public synchronized long latest() {
    return latest;
  }

  @Override
  public synchronized boolean isAnyOpenSince(long number) {
    return isLastAbove(cancels, number) || isLastAbove(hurries, number);
  }

  private static boolean isLastAbove(SequencedMap<JobId, Asked> book, long number) {
    Map.Entry<JobId, Asked> last = book.lastEntry();
    return last != null && last.getValue().number > number;
  }
}
