package dev.penstock.streams.view;

import dev.penstock.job.JobId;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells who watches a job that its state was put into the view. Carries no state itself: whoever is
 * woken reads the view again. Thread-safe; a change that no one watches costs one look-up.
 */
public final class ChangeHub {
  private final ConcurrentHashMap<JobId, Set<Signal>> watchers = new ConcurrentHashMap<>();

  /** Has {@code signal} given at each change of the job, until the watch is closed. */
  public Watch watch(JobId job, Signal signal) {
    watchers.compute(
        job,
        (_, signals) -> {
          Set<Signal> all = signals == null ? ConcurrentHashMap.newKeySet() : signals;
          all.add(signal);
          return all;
        });
    return new Watch(this, job, signal);
  }

  /** The job's state was put. */
  public void changed(JobId job) {
    Set<Signal> signals = watchers.get(job);
    if (signals != null) {
      signals.forEach(Signal::give);
    }
  }

  /** Wakes everyone, so that they look at what became of their partition. */
  public void wakeAll() {
    watchers.values().forEach(signals -> signals.forEach(Signal::give));
  }

  int watchedJobs() {
    return watchers.size();
  }

  private void end(Watch watch) {
    watchers.computeIfPresent(
        watch.job,
        (_, signals) -> {
          signals.remove(watch.signal);
          return signals.isEmpty() ? null : signals;
        });
  }

  /** A watch that goes on until it is closed. */
  public static final class Watch implements AutoCloseable {
    private final ChangeHub hub;
    private final JobId job;
    private final Signal signal;

    private Watch(ChangeHub hub, JobId job, Signal signal) {
      this.hub = hub;
      this.job = job;
      this.signal = signal;
    }

    @Override
    public void close() {
      hub.end(this);
    }
  }
}
