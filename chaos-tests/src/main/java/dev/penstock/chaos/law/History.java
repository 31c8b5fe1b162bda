package dev.penstock.chaos.law;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobResult;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanRecord;
import java.util.List;
import java.util.Map;

/**
 * What an observer recorded of one run, at quiescence: faults ended, lag zero, every hold elapsed.
 * Topics are read {@code read_committed} from their beginning.
 *
 * @param submissions what clients sent and what they were told
 * @param jobs the jobs topic, but for records that can't be read
 * @param ordered the topic of ordered jobs, likewise
 * @param retries the retry topic, likewise
 * @param held the hold topics, likewise
 * @param events the events topic, likewise
 * @param cancels what the control topic asks the end of, likewise
 * @param hurries what it asks to run now, likewise
 * @param deadLetters whole jobs on the dead-letter topic
 * @param planted unreadable records that the test put on the jobs and retry topics
 * @param poison unreadable records on the dead-letter topic
 * @param plans the topic of plans, but for what was taken back
 * @param ledger what became of dead letters
 * @param audit who did what with dead letters
 * @param results what {@code GET /v1/jobs/{id}/result} answered; empty when the API was not asked
 * @param calls what providers saw; empty when nobody looked
 */
public record History(
    List<Submission> submissions,
    List<Recorded<JobRecord>> jobs,
    List<Recorded<OrderedRecord>> ordered,
    List<Recorded<JobRecord>> retries,
    List<Recorded<JobRecord>> held,
    List<Recorded<JobEvent>> events,
    List<Recorded<CancelRequest>> cancels,
    List<Recorded<RetryNowRequest>> hurries,
    List<Recorded<DeadLetter>> deadLetters,
    List<Poison> planted,
    List<Poison> poison,
    List<Recorded<PlanRecord>> plans,
    List<Recorded<LedgerRecord>> ledger,
    List<Recorded<AuditEntry>> audit,
    Map<JobId, JobResult> results,
    List<Call> calls) {
  public History {
    submissions = List.copyOf(submissions);
    jobs = List.copyOf(jobs);
    ordered = List.copyOf(ordered);
    retries = List.copyOf(retries);
    held = List.copyOf(held);
    events = List.copyOf(events);
    cancels = List.copyOf(cancels);
    hurries = List.copyOf(hurries);
    deadLetters = List.copyOf(deadLetters);
    planted = List.copyOf(planted);
    poison = List.copyOf(poison);
    plans = List.copyOf(plans);
    ledger = List.copyOf(ledger);
    audit = List.copyOf(audit);
    results = Map.copyOf(results);
    calls = List.copyOf(calls);
  }
}
