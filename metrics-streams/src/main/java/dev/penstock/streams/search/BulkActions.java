package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import dev.penstock.streams.search.LocalSearch.NotReadyException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The actions on many jobs that were begun at this instance. They are kept in memory: when the
 * instance stops, what was not asked for yet is not, and the same action can be begun again, since
 * who is asked for twice is asked for once. Thread-safe.
 */
final class BulkActions implements AutoCloseable {
  /** How many run at once. */
  static final int MAX_RUNNING = 4;

  /** How many are remembered. */
  private static final int MAX_KEPT = 100;

  private static final int PAGE = 500;
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_SEARCH_TRIES = 30;
  private static final Duration SEARCH_PAUSE = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(BulkActions.class);

  private final JobSearch search;
  private final IntakeClient intake;
  private final Map<String, BulkAction> actions = new LinkedHashMap<>();
  private final List<Thread> threads = new ArrayList<>();
  private boolean closed;

  BulkActions(JobSearch search, IntakeClient intake) {
    this.search = search;
    this.intake = intake;
  }

  /** Begins one for these jobs; nothing when too many run. */
  Optional<BulkAction.Progress> begin(JobAction action, List<JobId> jobs) {
    Iterator<List<JobId>> pages = List.of(jobs, List.<JobId>of()).iterator();
    return begin(action, jobs.size(), pages::next);
  }

  /** Begins one for the jobs that match, of which there are {@code matching} now. */
  Optional<BulkAction.Progress> begin(JobAction action, SearchRequest selection, long matching) {
    return begin(action, matching, new Matching(selection, matching));
  }

  private synchronized Optional<BulkAction.Progress> begin(
      JobAction action, long matching, BulkAction.Pages pages) {
    threads.removeIf(thread -> !thread.isAlive());
    if (closed || actions.values().stream().filter(BulkAction::isRunning).count() >= MAX_RUNNING) {
      return Optional.empty();
    }
    String id = UUID.randomUUID().toString();
    var begun = new BulkAction(id, action, matching, intake);
    actions.put(id, begun);
    Iterator<BulkAction> oldest = actions.values().iterator();
    while (actions.size() > MAX_KEPT && oldest.hasNext()) {
      if (!oldest.next().isRunning()) {
        oldest.remove();
      }
    }
    log.info("{} of {} jobs begins (action {})", action.wireName(), matching, id);
    threads.add(Thread.ofVirtual().name("bulk-action").start(() -> begun.run(pages)));
    return Optional.of(begun.progress());
  }

  /** How far it is, where it was begun here. */
  synchronized Optional<BulkAction.Progress> progress(String id) {
    return Optional.ofNullable(actions.get(id)).map(BulkAction::progress);
  }

  @Override
  public void close() {
    List<Thread> running;
    synchronized (this) {
      closed = true;
      actions.values().forEach(BulkAction::stop);
      running = List.copyOf(threads);
    }
    intake.close();
    long deadline = System.nanoTime() + STOP_TIMEOUT.toNanos();
    for (Thread thread : running) {
      thread.interrupt();
      try {
        if (!thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
          log.warn("an action on many jobs did not stop in time");
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /**
   * The jobs that match, the newest first, as they are found. A job that ends meanwhile is not
   * found any more and does not disturb the order of the others; one that comes meanwhile stands
   * before where the search began. Not more than twice the jobs that were counted, whatever comes.
   */
  private final class Matching implements BulkAction.Pages {
    private final SearchRequest selection;
    private long left;
    private @Nullable Place last;
    private boolean over;

    Matching(SearchRequest selection, long matching) {
      this.selection =
          new SearchRequest(
              selection.filters(),
              selection.from(),
              selection.to(),
              selection.q(),
              Order.NEWEST,
              PAGE,
              null,
              java.util.Set.of());
      this.left = 2 * matching + PAGE;
    }

    @Override
    public List<JobId> next() throws NotReadyException, InterruptedException {
      if (over || left <= 0) {
        return List.of();
      }
      JobPage page = find(selection.page(last, PAGE));
      left -= page.jobs().size();
      String next = page.next();
      over = next == null;
      last = next == null ? last : Cursor.parse(next, Order.NEWEST);
      return page.jobs().stream().map(JobSummary::id).toList();
    }

    /** The page, in patience: partitions move now and then. */
    private JobPage find(SearchRequest request) throws NotReadyException, InterruptedException {
      for (int tries = 1; ; tries++) {
        try {
          return search.search(request);
        } catch (NotReadyException e) {
          if (tries == MAX_SEARCH_TRIES) {
            throw e;
          }
          Thread.sleep(SEARCH_PAUSE);
        }
      }
    }
  }
}
