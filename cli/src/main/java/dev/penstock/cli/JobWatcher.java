package dev.penstock.cli;

import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/**
 * Waits for the end of many jobs. Asks for them in the order in which they were added, which is
 * about the order in which they end, a few at a time; one that is late is passed over and asked for
 * again. So the requests go where jobs end, and their rate does not grow with the number of jobs.
 *
 * <p>Jobs may be added while it runs, from any thread.
 */
public final class JobWatcher {
  /** The most jobs that one watcher waits for. */
  public static final int MAX_JOBS = 1_000_000;

  private static final int ROUND = 64;
  private static final int AT_ONCE = 16;

  /** How many rounds a job may hold up those behind it. */
  private static final int PATIENCE = 3;

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

  /** How long a server that answered before may be away. */
  private static final Duration OUTAGE = Duration.ofSeconds(60);

  private final ApiClient api;
  private final Consumer<JsonNode> onEnded;
  private final Consumer<JobId> onUnknown;
  private final Deque<JobId> pending = new ArrayDeque<>();
  private final Map<JobState, Long> ended = new EnumMap<>(JobState.class);
  private final Map<JobId, Integer> passes = new HashMap<>();
  private long total;
  private long unknown;
  private boolean complete;

  /**
   * @param onEnded is told the JobView of each job that ended, on the thread that runs the watcher
   * @param onUnknown is told the jobs that the server does not know
   */
  public JobWatcher(ApiClient api, Consumer<JsonNode> onEnded, Consumer<JobId> onUnknown) {
    this.api = api;
    this.onEnded = onEnded;
    this.onUnknown = onUnknown;
  }

  /** There is a bound on how many jobs are kept in memory. */
  public static final class TooManyJobsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private TooManyJobsException() {
      super("at most " + MAX_JOBS + " jobs can be waited for at once; split the list");
    }
  }

  /**
   * Adds a job to wait for.
   *
   * @throws TooManyJobsException when there are {@link #MAX_JOBS} already
   */
  public synchronized void add(JobId id) {
    if (total == MAX_JOBS) {
      throw new TooManyJobsException();
    }
    total++;
    pending.addLast(id);
  }

  /** Says that no more jobs will be added. */
  public synchronized void complete() {
    complete = true;
  }

  /** How far it is. */
  public synchronized Tally tally() {
    return new Tally(total, ended, unknown);
  }

  /**
   * Returns when all jobs ended and {@link #complete} was called.
   *
   * @param onProgress is told how far it is, several times a second
   * @throws ApiException when the server can't be reached, or not again within a minute
   */
  public Tally run(Consumer<Tally> onProgress) throws InterruptedException {
    var limit = new Semaphore(AT_ONCE);
    Duration pause = SHORTEST_PAUSE;
    long lastAnswer = 0;
    try (ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor()) {
      while (true) {
        List<JobId> round = nextRound();
        if (round.isEmpty() && isDone()) {
          onProgress.accept(tally());
          return tally();
        }
        var asked = new ArrayList<Future<Optional<JsonNode>>>();
        for (JobId id : round) {
          limit.acquire();
          asked.add(
              calls.submit(() -> {
                try {
                  return find(id);
                } finally {
                  limit.release();
                }
              }));
        }
        boolean allEnded;
        try {
          allEnded = settle(round, asked);
          lastAnswer = System.nanoTime();
        } catch (ApiException.Unreachable e) {
          if (lastAnswer == 0 || System.nanoTime() - lastAnswer > OUTAGE.toNanos()) {
            throw e;
          }
          allEnded = false;
        }
        onProgress.accept(tally());
        if (allEnded && !round.isEmpty()) {
          pause = SHORTEST_PAUSE;
        } else {
          Thread.sleep(pause);
          pause =
              pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0
                  ? LONGEST_PAUSE
                  : pause.multipliedBy(2);
        }
      }
    }
  }

  /** Takes the jobs to ask for. */
  private synchronized List<JobId> nextRound() {
    var round = new ArrayList<JobId>();
    while (round.size() < ROUND && !pending.isEmpty()) {
      round.add(pending.removeFirst());
    }
    return round;
  }

  private synchronized boolean isDone() {
    return complete && pending.isEmpty();
  }

  private Optional<JsonNode> find(JobId id) {
    try {
      return Optional.of(api.job(id));
    } catch (ApiException.Refused e) {
      if (e.problem().status() == 404) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Counts what ended and puts the rest back; false when there was such a rest. */
  private boolean settle(List<JobId> round, List<Future<Optional<JsonNode>>> asked)
      throws InterruptedException {
    var open = new ArrayList<JobId>();
    ApiException failure = null;
    for (int i = 0; i < round.size(); i++) {
      JobId id = round.get(i);
      try {
        Optional<JsonNode> view = asked.get(i).get();
        if (view.isEmpty()) {
          count(Optional.empty());
          onUnknown.accept(id);
        } else {
          Optional<JobState> end = terminalState(view.get());
          if (end.isPresent()) {
            count(end);
            onEnded.accept(view.get());
          } else {
            open.add(id);
          }
        }
      } catch (ExecutionException e) {
        open.add(id);
        failure = cause(e);
      }
    }
    putBack(open);
    if (failure != null) {
      throw failure;
    }
    return open.isEmpty();
  }

  private static Optional<JobState> terminalState(JsonNode view) {
    String name = view.path("state").asString("");
    for (JobState state : JobState.values()) {
      if (state.isTerminal() && state.wireName().equals(name)) {
        return Optional.of(state);
      }
    }
    return Optional.empty();
  }

  private synchronized void count(Optional<JobState> state) {
    if (state.isPresent()) {
      ended.merge(state.get(), 1L, Long::sum);
    } else {
      unknown++;
    }
  }

  /** Back to the front, in order, but those that held up the others long enough to the end. */
  private synchronized void putBack(List<JobId> open) {
    for (JobId id : open.reversed()) {
      if (passes.merge(id, 1, Integer::sum) < PATIENCE) {
        pending.addFirst(id);
      } else {
        pending.addLast(id);
        passes.remove(id);
      }
    }
    passes.keySet().retainAll(java.util.Set.copyOf(open));
  }

  private static ApiException cause(ExecutionException e) {
    if (e.getCause() instanceof ApiException api) {
      return api;
    }
    throw new IllegalStateException("a look-up failed in a way it should not", e);
  }
}
