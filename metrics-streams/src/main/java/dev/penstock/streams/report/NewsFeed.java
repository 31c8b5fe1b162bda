package dev.penstock.streams.report;

import dev.penstock.streams.figures.RecentChanges.JobNews;
import dev.penstock.streams.figures.RecentChanges.News;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.apache.kafka.streams.state.HostInfo;

/**
 * Which jobs changed, at all instances, second by second. Whoever asks first after a second has
 * passed makes the next issue, so nothing is done while nobody listens. Thread-safe.
 */
final class NewsFeed {
  /** So many jobs are named in an issue. */
  static final int MAX_JOBS = 100;

  /** So many issues are kept for those who are late. */
  private static final int KEPT = 30;

  private static final Duration PERIOD = Duration.ofSeconds(1);

  private static final Duration IDLE = Duration.ofSeconds(10);

  private final AllFigures figures;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<HostInfo, Long> nextElsewhere = new HashMap<>();
  private final Deque<Issue> issues = new ArrayDeque<>();
  private long nextHere = -1;
  private long nextNumber = 1;
  private long madeAtNanos;

  /**
   * What changed within a second.
   *
   * @param more how many changes there were beside those of {@code jobs}
   */
  record Issue(long number, List<JobNews> jobs, long more) {}

  NewsFeed(AllFigures figures, LongSupplier nanoTime) {
    this.figures = figures;
    this.nanoTime = nanoTime;
    this.madeAtNanos = nanoTime.getAsLong() - PERIOD.toNanos();
  }

  /** The issues after {@code number} that are kept. */
  List<Issue> after(long number) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (nanoTime.getAsLong() - madeAtNanos >= PERIOD.toNanos()) {
        make();
      }
      return issues.stream().filter(issue -> issue.number > number).toList();
    } finally {
      lock.unlock();
    }
  }

  private void make() throws InterruptedException {
    if (nanoTime.getAsLong() - madeAtNanos > IDLE.toNanos()) {
      // Nobody listened: what happened meanwhile is no news to who comes now.
      nextHere = -1;
      nextElsewhere.clear();
    }
    News here = figures.board().changes().since(nextHere, MAX_JOBS);
    nextHere = here.next();
    long more = here.more();
    var latest = new LinkedHashMap<String, JobNews>();
    here.jobs().forEach(job -> latest.put(job.id(), job));
    Map<HostInfo, News> elsewhere =
        figures.changesElsewhere(host -> nextElsewhere.getOrDefault(host, -1L));
    for (Map.Entry<HostInfo, News> each : elsewhere.entrySet()) {
      nextElsewhere.put(each.getKey(), each.getValue().next());
      more += each.getValue().more();
      each.getValue().jobs().forEach(job -> latest.put(job.id(), job));
    }
    nextElsewhere.keySet().retainAll(elsewhere.keySet());
    var jobs = new ArrayList<>(latest.values());
    int first = Math.max(0, jobs.size() - MAX_JOBS);
    if (!jobs.isEmpty() || more > 0) {
      issues.addLast(
          new Issue(nextNumber++, List.copyOf(jobs.subList(first, jobs.size())), more + first));
      if (issues.size() > KEPT) {
        issues.removeFirst();
      }
    }
    madeAtNanos = nanoTime.getAsLong();
  }

  /** The number of the latest issue. */
  long latest() {
    lock.lock();
    try {
      return nextNumber - 1;
    } finally {
      lock.unlock();
    }
  }
}
