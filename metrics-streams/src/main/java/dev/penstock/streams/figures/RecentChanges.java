package dev.penstock.streams.figures;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.JobLife;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which jobs changed lately, each with its latest state; only the last {@link #KEPT} changes are
 * known, and how many there were. Thread-safe.
 */
public final class RecentChanges {
  /** So many of the latest changes are kept. */
  static final int KEPT = 512;

  private final JobId[] ids = new JobId[KEPT];
  private final JobLife[] lives = new JobLife[KEPT];
  private long next;

  /** A job changed. */
  public record JobNews(String id, String state, String version) {}

  /**
   * The news after some number.
   *
   * @param next from which to go on
   * @param jobs the latest ones, each job once
   * @param more how many changes there were beside those of {@code jobs}
   */
  public record News(long next, List<JobNews> jobs, long more) {}

  synchronized void add(JobId id, JobLife life) {
    int at = (int) (next % KEPT);
    ids[at] = id;
    lives[at] = life;
    next++;
  }

  /** From where on news are told to who comes now. */
  public synchronized long next() {
    return next;
  }

  /**
   * What changed since.
   *
   * @param from what {@link #next} or earlier news said; of any other number nothing is told
   * @param limit how many jobs to tell at most
   */
  public News since(long from, int limit) {
    Map<JobId, JobLife> latest = new LinkedHashMap<>();
    long end;
    long begin;
    long told = 0;
    synchronized (this) {
      end = next;
      begin = from < 0 || from > end ? end : from;
      long first = Math.max(begin, end - KEPT);
      for (long each = end - 1; each >= first; each--) {
        int at = (int) (each % KEPT);
        if (latest.containsKey(ids[at])) {
          told++;
        } else if (latest.size() < limit) {
          latest.put(ids[at], lives[at]);
          told++;
        }
      }
    }
    var jobs = new ArrayList<JobNews>(latest.size());
    latest.forEach((id, life) ->
        jobs.add(new JobNews(id.toString(), life.state().wireName(), life.position().toString())));
    Collections.reverse(jobs);
    return new News(end, jobs, end - begin - told);
  }
}
