package dev.penstock.chaos.real;

import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Recorded;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobState;
import dev.penstock.job.OrderedRecord;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Judges what the laws can't know of plans that have ended: whether what happened is what people
 * were shown and told, and what the test knows to be selected. The laws judge the topics by
 * themselves.
 *
 * @param history with the ledger and all jobs
 * @param accepted what the views are shown of ordered jobs
 */
record ReplayJudgement(HistoryBuilder history, List<JobRecord> accepted, List<Told> plans) {
  private static final int MOST_FINDINGS = 20;

  /** Where a dead letter stands. */
  record Place(int partition, long offset) {
    @Override
    public String toString() {
      return partition + "-" + offset;
    }
  }

  /**
   * What a plan was to do, and what the API tells of it.
   *
   * @param selected what it has to select
   * @param model with which it lets jobs run, or null for the job's own
   * @param tally what it is said to have come to
   * @param differences what it is said to have left as it is, by its reason
   */
  record Told(
      PlanId id,
      Set<Place> selected,
      @Nullable String model,
      Tally tally,
      Map<Place, Refusal> differences) {}

  private record Generation(JobId job, int number) {
    static Generation of(JobRecord record) {
      return new Generation(record.job().id(), record.generation());
    }

    static Generation next(Replayed replayed) {
      return new Generation(replayed.jobId(), replayed.newGeneration());
    }
  }

  /** All that is wrong; the first ones, where there are many. */
  List<String> findings() {
    var findings = new ArrayList<String>();
    eachIsFollowedOnce(findings);
    plans.forEach(plan -> decidesWhatIsSelected(plan, findings));
    plans.forEach(plan -> isAsTold(plan, findings));
    return findings.size() <= MOST_FINDINGS
        ? findings
        : List.of(findings.size() + " findings, first " + findings.subList(0, MOST_FINDINGS));
  }

  /** Exactly what was replayed has a next generation, and only one, as its plan wants it. */
  private void eachIsFollowedOnce(List<String> findings) {
    var jobs = new HashMap<Generation, List<Job>>();
    var entered = new HashMap<Generation, Integer>();
    var shown = new HashMap<Generation, Integer>();
    history.jobs.forEach(each ->
        jobs.computeIfAbsent(Generation.of(each.value()), _ -> new ArrayList<>())
            .add(each.value().job()));
    accepted.forEach(each -> shown.merge(Generation.of(each), 1, Integer::sum));
    for (Recorded<OrderedRecord> each : history.ordered) {
      if (each.value() instanceof OrderedRecord.Enter enter) {
        entered.merge(Generation.of(enter.record()), 1, Integer::sum);
      }
    }
    var followed = new HashSet<Generation>();
    for (Recorded<LedgerRecord> each : history.ledger) {
      if (!(each.value() instanceof Replayed replayed)) {
        continue;
      }
      Generation next = Generation.next(replayed);
      followed.add(next);
      List<Job> records = jobs.getOrDefault(next, List.of());
      int lines = replayed.orderingKey() == null ? 0 : 1;
      if (records.size() != 1
          || entered.getOrDefault(next, 0) != lines
          || shown.getOrDefault(next, 0) != lines) {
        findings.add(
            next
                + " stands "
                + records.size()
                + " times among the jobs, "
                + entered.getOrDefault(next, 0)
                + " times in its line and "
                + shown.getOrDefault(next, 0)
                + " times where the views are shown it");
      }
      for (Told plan : plans) {
        if (plan.id.equals(replayed.plan()) && plan.model != null) {
          records.stream()
              .filter(job -> !job.model().equals(plan.model))
              .forEach(job -> findings.add(next + " runs with " + job.model()));
        }
      }
    }
    var all = new HashSet<>(jobs.keySet());
    all.addAll(entered.keySet());
    all.addAll(shown.keySet());
    all.removeIf(each -> each.number == 0 || followed.contains(each));
    all.forEach(each -> findings.add(each + " follows from no replay"));
  }

  private void decidesWhatIsSelected(Told plan, List<String> findings) {
    var decided = new HashMap<Place, Integer>();
    for (Recorded<LedgerRecord> each : history.ledger) {
      if (each.value().plan().equals(plan.id) && !(each.value() instanceof Progress)) {
        decided.merge(letter(each), 1, Integer::sum);
      }
    }
    for (Place place : plan.selected) {
      Integer times = decided.remove(place);
      if (times == null || times != 1) {
        findings.add(plan.id + " decided " + times + " times about its dead letter " + place);
      }
    }
    decided
        .keySet()
        .forEach(place -> findings.add(plan.id + " decided about " + place + " unasked"));
  }

  /** What is told of a plan is what the topics say, and what it left is told with its reason. */
  private void isAsTold(Told plan, List<String> findings) {
    var ends = new HashMap<Generation, JobState>();
    for (Recorded<JobEvent> each : history.events) {
      if (each.value() instanceof JobEvent.Finished end) {
        ends.put(new Generation(end.jobId(), end.generation()), end.outcome().state());
      }
    }
    Tally tally = Tally.NONE;
    var left = new TreeMap<String, Refusal>();
    for (Recorded<LedgerRecord> each : history.ledger) {
      if (!each.value().plan().equals(plan.id)) {
        continue;
      }
      if (each.value() instanceof Replayed replayed) {
        JobState end = ends.get(Generation.next(replayed));
        tally = tally.plus(Tally.ofReplayed(1));
        tally = end == null ? tally : tally.with(end);
      } else if (each.value() instanceof LedgerRecord.Refused refused) {
        tally = tally.plus(Tally.ofRefused(refused.reason(), 1));
        left.put(letter(each).toString(), refused.reason());
      }
    }
    if (!tally.equals(plan.tally)) {
      findings.add(plan.id + " is said to have come to " + plan.tally + ", but came to " + tally);
    }
    var told = new TreeMap<String, Refusal>();
    plan.differences.forEach((place, reason) -> told.put(place.toString(), reason));
    if (!told.equals(left)) {
      findings.add(plan.id + " left " + left + ", but tells " + told);
    }
    if (tally.replayed() + told.size() != plan.selected.size()) {
      findings.add(
          plan.id
              + " was to do "
              + plan.selected.size()
              + ", did "
              + tally.replayed()
              + ", and tells "
              + told.size()
              + " differences");
    }
  }

  private static Place letter(Recorded<LedgerRecord> decision) {
    return new Place(
        decision.partition(),
        switch (decision.value()) {
          case LedgerRecord.Resolution resolution -> resolution.offset();
          case LedgerRecord.Refused refused -> refused.offset();
          case Progress _ -> throw new IllegalArgumentException("progress is no decision");
        });
  }
}
