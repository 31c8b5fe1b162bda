package dev.penstock.chaos.law;

import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Priority;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** Rule 16: what priorities promise. */
final class LaneLaws {
  /** A job that has been visible for so long is known to the worker. */
  private static final Duration KNOWN_AFTER = Duration.ofSeconds(1);

  /** Picks beyond those by weight: the lanes' starts, and what has waited long. */
  private static final int MORE_PICKS = 6;

  private final History history;
  private final Allowance.Lanes allowed;
  private final Map<JobId, Priority> priorities = new HashMap<>();
  private final Set<JobId> called = new HashSet<>();

  LaneLaws(History history, Allowance.Lanes allowed) {
    this.history = history;
    this.allowed = allowed;
    history.calls().forEach(call -> called.add(call.job()));
    history
        .jobs()
        .forEach(job -> priorities.put(job.value().job().id(), job.value().job().priority()));
  }

  /** Every record of a job stands in the lane of the job's priority, retries too. */
  static void recordsKeepTheirLane(Life life, BiConsumer<Law, String> violated) {
    var all = new ArrayList<Recorded<JobRecord>>(life.jobs());
    all.addAll(life.retries());
    all.stream()
        .filter(record -> Topics.laneOf(record.topic()) != record.value().job().priority())
        .findFirst()
        .ifPresent(record ->
            violated.accept(
                Law.JOBS_KEEP_THEIR_PRIORITY,
                "is of "
                    + record.value().job().priority()
                    + " priority, but stands on "
                    + record.topic()));
  }

  /**
   * While a job waits for its slot, other lanes get no more than their share of the calls. For a
   * run of one worker in which nothing else delays a job.
   */
  void noLaneStarves(Life life, BiConsumer<Law, String> violated) {
    if (allowed.weights().isEmpty() || life.jobs().isEmpty() || life.calls().isEmpty()) {
      return;
    }
    var job = life.jobs().getFirst();
    Instant firstCall =
        history.calls().stream().map(Call::beganAt).min(Comparator.naturalOrder()).orElseThrow();
    Instant visible = job.visibleAt().isAfter(firstCall) ? job.visibleAt() : firstCall;
    Instant known = visible.plus(KNOWN_AFTER);
    Instant began = life.calls().getFirst().beganAt();
    if (job.value().job().runAt() != null || !began.isAfter(known)) {
      return;
    }
    Priority lane = job.value().job().priority();
    int weight = allowed.weights().getOrDefault(lane, 1);
    int weights = allowed.weights().values().stream().mapToInt(Integer::intValue).sum();
    long own = callsBetween(known, began, lane, true) + turnsWithoutCall(lane);
    long others = callsBetween(known, began, lane, false);
    long most = (weights - weight) * (own + 1) * 4 / (3L * weight) + MORE_PICKS;
    if (others > most) {
      violated.accept(
          Law.NO_PRIORITY_STARVES,
          "of "
              + lane
              + " priority waited while "
              + others
              + " calls for others began and "
              + own
              + " for its own; at most "
              + most
              + " are fair");
    }
  }

  /** How many turns of a lane may have gone to jobs that had expired, or that nobody serves. */
  private long turnsWithoutCall(Priority lane) {
    return history.jobs().stream()
        .map(job -> job.value().job())
        .filter(job -> job.priority() == lane)
        .filter(job -> job.expireAt() != null || !called.contains(job.id()))
        .count();
  }

  private long callsBetween(Instant from, Instant to, Priority lane, boolean same) {
    return history.calls().stream()
        .filter(call -> call.beganAt().isAfter(from) && call.beganAt().isBefore(to))
        .filter(call -> (priorities.get(call.job()) == lane) == same)
        .count();
  }

  /** No more calls of jobs of other than high priority run at once than there are slots for. */
  void reservedSlotsStayFree(Violations violated) {
    var byLife = new HashMap<String, List<Call>>();
    for (Call call : history.calls()) {
      if (priorities.getOrDefault(call.job(), Priority.NORMAL) != Priority.HIGH) {
        byLife.computeIfAbsent(call.worker() + "." + call.life(), _ -> new ArrayList<>()).add(call);
      }
    }
    byLife.forEach((worker, calls) -> {
      for (Call call : calls) {
        long atOnce =
            calls.stream()
                .filter(other ->
                    !other.beganAt().isAfter(call.beganAt())
                        && other.endedAt().isAfter(call.beganAt()))
                .count();
        if (atOnce > allowed.ordinarySlots()) {
          violated.found(
              Law.RESERVED_SLOTS_STAY_FREE,
              "worker " + worker,
              "made "
                  + atOnce
                  + " calls at once that are not of high priority, but has "
                  + allowed.ordinarySlots()
                  + " slots for them");
          return;
        }
      }
    });
  }

  /** Is told of what is not of one job. */
  interface Violations {
    void found(Law law, String subject, String finding);
  }
}
