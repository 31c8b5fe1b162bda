package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One action on many jobs, in the background. Thread-safe. */
final class BulkAction {
  /** How many jobs are asked for at once. */
  private static final int AT_ONCE = 8;

  /** The most errors that are told. */
  private static final int MAX_ERRORS = 20;

  private static final Logger log = LoggerFactory.getLogger(BulkAction.class);

  private final String id;
  private final JobAction action;
  private final long matching;
  private final IntakeClient intake;
  private final List<JobError> errors = new ArrayList<>();
  private State state = State.RUNNING;
  private long done;
  private long refused;
  private long failed;
  private String reason = "";
  private volatile boolean stopped;

  enum State {
    RUNNING,
    DONE,
    STOPPED
  }

  /** Why a job was left out. */
  record JobError(String jobId, String message) {}

  /**
   * How far it is, as it is answered.
   *
   * @param matching how many jobs it was for when it began
   * @param done those of which the intake took the request
   * @param refused those of which it can't be: they have ended, for example
   * @param failed those of which the intake took no request
   * @param errors the first ones of both
   */
  record Progress(
      String id,
      String action,
      String state,
      long matching,
      long done,
      long refused,
      long failed,
      List<JobError> errors,
      String reason) {}

  /** Hands over jobs, page by page; an empty page is the end. */
  @FunctionalInterface
  interface Pages {
    List<JobId> next() throws LocalSearch.NotReadyException, InterruptedException;
  }

  BulkAction(String id, JobAction action, long matching, IntakeClient intake) {
    this.id = id;
    this.action = action;
    this.matching = matching;
    this.intake = intake;
  }

  /** Does it, to the end or until it is stopped. */
  void run(Pages pages) {
    try {
      var room = new Semaphore(AT_ONCE);
      try (ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor()) {
        for (List<JobId> page = pages.next(); !page.isEmpty() && !stopped; page = pages.next()) {
          for (JobId job : page) {
            room.acquire();
            if (stopped) {
              room.release();
              break;
            }
            calls.execute(() -> {
              try {
                ask(job);
              } finally {
                room.release();
              }
            });
          }
        }
      }
      end(stopped ? State.STOPPED : State.DONE, stopped ? "the instance is stopping" : "");
    } catch (LocalSearch.NotReadyException e) {
      end(State.STOPPED, String.valueOf(e.getMessage()));
    } catch (InterruptedException _) {
      end(State.STOPPED, "the instance is stopping");
    } catch (RuntimeException e) {
      log.error("the action {} on many jobs failed", id, e);
      end(State.STOPPED, "a bug; the service's log says more");
    }
  }

  private void ask(JobId job) {
    if (stopped) {
      return;
    }
    IntakeClient.Outcome outcome;
    try {
      outcome = intake.ask(action, job);
    } catch (InterruptedException _) {
      stopped = true;
      return;
    } catch (RuntimeException e) {
      log.error("asking for {} of {} failed", action, job, e);
      outcome = new IntakeClient.Outcome.Failed("a bug; the service's log says more");
    }
    count(job, outcome);
  }

  private synchronized void count(JobId job, IntakeClient.Outcome outcome) {
    switch (outcome) {
      case IntakeClient.Outcome.Requested _ -> done++;
      case IntakeClient.Outcome.Refused(String why) -> {
        refused++;
        add(job, why);
      }
      case IntakeClient.Outcome.Failed(String why) -> {
        failed++;
        add(job, why);
      }
    }
  }

  private void add(JobId job, String why) {
    if (errors.size() < MAX_ERRORS) {
      errors.add(new JobError(job.toString(), why));
    }
  }

  private synchronized void end(State how, String why) {
    state = how;
    reason = why;
  }

  /** Asks for no more jobs. */
  void stop() {
    stopped = true;
  }

  synchronized boolean isRunning() {
    return state == State.RUNNING;
  }

  synchronized Progress progress() {
    return new Progress(
        id,
        action.wireName(),
        state.name().toLowerCase(Locale.ROOT),
        matching,
        done,
        refused,
        failed,
        List.copyOf(errors),
        reason);
  }
}
