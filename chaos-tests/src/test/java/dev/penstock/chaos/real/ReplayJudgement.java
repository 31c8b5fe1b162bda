package dev.penstock.chaos.real;

import dev.penstock.job.DeadLetter;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobState;
import dev.penstock.job.OrderedRecord;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Judges what plans that have ended did to dead letters, by what stands on the topics: each that
 * was selected was decided about once by each plan that selected it, has one next generation where
 * it was replayed and none where it was not, and each generation has one outcome.
 *
 * @param letters dead letters of jobs, by where they stand
 * @param plans what they were to do and are said to have done
 */
record ReplayJudgement(Map<Place, DeadLetter> letters, List<Told> plans, Topics topics) {
  private static final int MOST_FINDINGS = 20;

  /** Where a dead letter stands. */
  record Place(int partition, long offset) {
    @Override
    public String toString() {
      return partition + "-" + offset;
    }
  }

  /** A decision, and where it stands in the ledger of its partition. */
  record Decided(Place letter, long at, LedgerRecord decision) {}

  /**
   * What a plan was to do, and what the API tells of it.
   *
   * @param selected what it has to select
   * @param model with which it lets jobs run, or null for the job's own
   * @param tally how far it is said to have come
   * @param differences what it is said to have left as it is, by its reason
   */
  record Told(
      PlanId id,
      Set<Place> selected,
      @Nullable String model,
      Tally tally,
      Map<Place, Refusal> differences) {}

  /**
   * What stands on the topics.
   *
   * @param ledger without progress, in the order of each partition
   * @param jobs of all lanes
   * @param accepted what the views are shown of ordered jobs
   */
  record Topics(
      List<Decided> ledger,
      List<JobRecord> jobs,
      List<OrderedRecord> ordered,
      List<JobRecord> accepted,
      List<JobEvent.Finished> outcomes,
      List<DeadLetter> deadLetters) {}

  private record Generation(JobId job, int number) {
    static Generation of(JobRecord record) {
      return new Generation(record.job().id(), record.generation());
    }

    static Generation of(DeadLetter letter) {
      return new Generation(letter.job().id(), letter.generation());
    }
  }

  /** All that is wrong; of each kind the first ones. */
  List<String> findings() {
    var findings = new ArrayList<String>();
    eachIsDecidedOnce(findings);
    eachIsFollowedOnce(findings);
    eachHasOneOutcome(findings);
    plans.forEach(plan -> isAsTold(plan, findings));
    return findings.size() <= MOST_FINDINGS
        ? findings
        : List.of(findings.size() + " findings, first", findings.subList(0, MOST_FINDINGS) + "");
  }

  private void eachIsDecidedOnce(List<String> findings) {
    var resolved = new HashSet<Place>();
    for (Decided each : topics.ledger) {
      if (each.decision instanceof LedgerRecord.Resolution && !resolved.add(each.letter)) {
        findings.add("dead letter " + each.letter + " is resolved twice");
      }
      if (each.decision instanceof Replayed replayed) {
        DeadLetter letter = letters.get(each.letter);
        if (letter == null
            || !Generation.of(letter)
                .equals(new Generation(replayed.jobId(), replayed.generation()))) {
          findings.add("the ledger tells of another job than that of dead letter " + each.letter);
        }
      }
    }
    for (Told plan : plans) {
      var decided = new HashMap<Place, Integer>();
      for (Decided each : topics.ledger) {
        if (each.decision.plan().equals(plan.id)) {
          decided.merge(each.letter, 1, Integer::sum);
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
  }

  /** Exactly what was replayed has a next generation, and only one, as its plan wants it. */
  private void eachIsFollowedOnce(List<String> findings) {
    var jobs = new HashMap<Generation, List<Job>>();
    var entered = new HashMap<Generation, Integer>();
    var accepted = new HashMap<Generation, Integer>();
    topics.jobs.forEach(
        each -> jobs.computeIfAbsent(Generation.of(each), _ -> new ArrayList<>()).add(each.job()));
    topics.accepted.forEach(each -> accepted.merge(Generation.of(each), 1, Integer::sum));
    for (OrderedRecord each : topics.ordered) {
      if (each instanceof OrderedRecord.Enter enter) {
        entered.merge(Generation.of(enter.record()), 1, Integer::sum);
      }
    }
    var wanted = new HashSet<Generation>();
    for (Decided each : topics.ledger) {
      if (!(each.decision instanceof Replayed replayed)) {
        continue;
      }
      var next = new Generation(replayed.jobId(), replayed.newGeneration());
      wanted.add(next);
      List<Job> records = jobs.getOrDefault(next, List.of());
      int lines = replayed.orderingKey() == null ? 0 : 1;
      if (records.size() != 1
          || entered.getOrDefault(next, 0) != lines
          || accepted.getOrDefault(next, 0) != lines) {
        findings.add(
            next
                + " stands "
                + records.size()
                + " times among the jobs, "
                + entered.get(next)
                + " times in its line and "
                + accepted.get(next)
                + " times among the accepted");
      }
      String model =
          plans.stream()
              .filter(plan -> plan.id.equals(replayed.plan()))
              .map(Told::model)
              .filter(Objects::nonNull)
              .findFirst()
              .orElse(null);
      records.stream()
          .filter(job -> model != null && !job.model().equals(model))
          .forEach(job -> findings.add(next + " runs with " + job.model() + ", not " + model));
    }
    var all = new HashSet<>(jobs.keySet());
    all.addAll(entered.keySet());
    all.addAll(accepted.keySet());
    all.removeIf(each -> each.number == 0 || wanted.contains(each));
    all.forEach(each -> findings.add(each + " follows from no replay"));
  }

  private void eachHasOneOutcome(List<String> findings) {
    var ends = new HashMap<Generation, List<JobState>>();
    var dead = new HashMap<Generation, Integer>();
    topics.outcomes.forEach(each ->
        ends.computeIfAbsent(
                new Generation(each.jobId(), each.generation()), _ -> new ArrayList<>())
            .add(each.outcome().state()));
    topics.deadLetters.forEach(each -> dead.merge(Generation.of(each), 1, Integer::sum));
    var all = new HashSet<>(ends.keySet());
    all.addAll(dead.keySet());
    topics.jobs.forEach(each -> all.add(Generation.of(each)));
    for (Generation each : all) {
      List<JobState> states = ends.getOrDefault(each, List.of());
      int expected = states.contains(JobState.DEAD_LETTERED) ? 1 : 0;
      if (states.size() != 1 || dead.getOrDefault(each, 0) != expected) {
        findings.add(each + " ended as " + states + " with " + dead.get(each) + " dead letters");
      }
    }
  }

  /** What is told of a plan is what the topics say; what it left has a reason that holds. */
  private void isAsTold(Told plan, List<String> findings) {
    var ends = new HashMap<Generation, JobState>();
    topics.outcomes.forEach(
        each -> ends.put(new Generation(each.jobId(), each.generation()), each.outcome().state()));
    var resolvedAt = new HashMap<Place, Long>();
    topics.ledger.stream()
        .filter(each -> each.decision instanceof LedgerRecord.Resolution)
        .forEach(each -> resolvedAt.putIfAbsent(each.letter, each.at));
    Tally tally = Tally.NONE;
    var left = new TreeMap<String, Refusal>();
    for (Decided each : topics.ledger) {
      if (!each.decision.plan().equals(plan.id)) {
        continue;
      }
      if (each.decision instanceof Replayed replayed) {
        tally = tally.plus(Tally.ofReplayed(1));
        JobState end = ends.get(new Generation(replayed.jobId(), replayed.newGeneration()));
        tally = end == null ? tally : tally.with(end);
      } else if (each.decision instanceof LedgerRecord.Refused refused) {
        tally = tally.plus(Tally.ofRefused(refused.reason(), 1));
        left.put(each.letter.toString(), refused.reason());
        Long before = resolvedAt.get(each.letter);
        if (refused.reason() != Refusal.ALREADY_RESOLVED || before == null || before > each.at) {
          findings.add(plan.id + " left " + each.letter + " because " + refused.reason());
        }
      }
    }
    if (!tally.equals(plan.tally)) {
      findings.add(plan.id + " is said to have come to " + plan.tally + ", but came to " + tally);
    }
    var told = new TreeMap<String, Refusal>();
    plan.differences.forEach((place, reason) -> told.put(place.toString(), reason));
    if (!told.equals(left)) {
      findings.add(plan.id + " left " + left.size() + " as they are, and tells " + told.size());
    }
    if (tally.replayed() + told.size() != plan.selected.size()) {
      findings.add(
          plan.id
              + " selected "
              + plan.selected.size()
              + ", replayed "
              + tally.replayed()
              + " and tells "
              + told.size()
              + " differences");
    }
  }
}
