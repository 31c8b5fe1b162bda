package dev.penstock.worker.hold;

import dev.penstock.job.JobId;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Overhears what the core is told of cancels, so that jobs in the hold topics are found. It decides
 * nothing: a request that is not known here is only found later. Thread-safe.
 */
public final class CancelBook implements Cancels {
  /** The most requests that are remembered; the oldest give way. */
  static final int MAX_CANCELS = 1_000_000;

  private final Map<JobId, Integer> generations = new LinkedHashMap<>();

  /** An inbox that hands everything on to {@code core}. */
  public CoreInbox listeningFor(CoreInbox core) {
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

  private void hear(CoreEvent event) {
    if (event instanceof CoreEvent.CancelRequested(JobId jobId, int generation)) {
      synchronized (generations) {
        generations.put(jobId, generation);
        if (generations.size() > MAX_CANCELS) {
          Iterator<JobId> oldest = generations.keySet().iterator();
          oldest.next();
          oldest.remove();
        }
      }
    } else if (event instanceof CoreEvent.CancelForgotten(JobId jobId)) {
      synchronized (generations) {
        generations.remove(jobId);
      }
    }
  }

  @Override
  public boolean isRequested(JobId jobId, int generation) {
    synchronized (generations) {
      Integer requested = generations.get(jobId);
      return requested != null && requested == generation;
    }
  }
}
