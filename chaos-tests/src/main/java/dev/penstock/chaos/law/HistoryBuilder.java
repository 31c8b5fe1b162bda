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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A history while it is recorded. Not thread-safe. */
public final class HistoryBuilder {
  public final List<Submission> submissions = new ArrayList<>();
  public final List<Recorded<JobRecord>> jobs = new ArrayList<>();
  public final List<Recorded<OrderedRecord>> ordered = new ArrayList<>();
  public final List<Recorded<JobRecord>> retries = new ArrayList<>();
  public final List<Recorded<JobRecord>> held = new ArrayList<>();
  public final List<Recorded<JobEvent>> events = new ArrayList<>();
  public final List<Recorded<CancelRequest>> cancels = new ArrayList<>();
  public final List<Recorded<RetryNowRequest>> hurries = new ArrayList<>();
  public final List<Recorded<DeadLetter>> deadLetters = new ArrayList<>();
  public final List<Poison> planted = new ArrayList<>();
  public final List<Poison> poison = new ArrayList<>();
  public final List<Recorded<PlanRecord>> plans = new ArrayList<>();
  public final List<Recorded<LedgerRecord>> ledger = new ArrayList<>();
  public final List<Recorded<AuditEntry>> audit = new ArrayList<>();
  public final Map<JobId, JobResult> results = new HashMap<>();
  public final List<Call> calls = new ArrayList<>();

  /** What was recorded so far. */
  public History build() {
    return new History(
        submissions,
        jobs,
        ordered,
        retries,
        held,
        events,
        cancels,
        hurries,
        deadLetters,
        planted,
        poison,
        plans,
        ledger,
        audit,
        results,
        calls);
  }
}
