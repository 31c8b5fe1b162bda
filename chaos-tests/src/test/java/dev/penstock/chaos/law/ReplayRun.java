package dev.penstock.chaos.law;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobState;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.audit.AuditChain;
import dev.penstock.replayer.select.OffsetSet;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Run} after which a plan has replayed its one dead letter as its canary, which succeeded,
 * and refused the poison beside it. Tests plant violations in it.
 */
final class ReplayRun {
  static final PlanId PLAN = new PlanId("monday");

  static final int CANARY = 0;
  static final int REST = 1;
  static final long POISON = 1_000_000;
  private static final Action REPLAY = new Action.Replay(3, null);

  final Run run = new Run();
  final HistoryBuilder history = run.history;
  private final JobId job = run.dead;
  private final long letter;
  private AuditChain chain = AuditChain.EMPTY;
  private int version;
  private Tally tally = Tally.NONE;

  ReplayRun() {
    this(false);
  }

  /**
   * @param aborted whether the plan was aborted after its canary, and so did not come to the poison
   */
  ReplayRun(boolean aborted) {
    letter = history.deadLetters.getFirst().offset();
    change(State.SELECTING, CANARY, List.of());
    frozen(CANARY, letter);
    frozen(REST, POISON);
    change(State.DRAFT, CANARY);
    change(State.RUNNING, CANARY);
    replay();
    end();
    progress(CANARY, letter + 1, tally);
    change(State.CANARY_REPORT, CANARY);
    if (aborted) {
      change(State.ABORTING, CANARY);
      progress(CANARY, letter + 1, tally);
      change(State.ABORTED, CANARY);
    } else {
      change(State.RUNNING, REST);
      refuse(Refusal.POISON, POISON);
      change(State.DONE, REST);
    }
  }

  private void replay() {
    history.jobs.add(
        run.record("jobs", new JobRecord(run.jobRecord(job).job(), 1, List.of(), null)));
    ledger(new Replayed(letter, job, 0, PLAN, null, run.now()));
    tally = tally.plus(Tally.ofReplayed(1));
    progress(CANARY, letter + 1, tally);
  }

  private void end() {
    run.succeed(job, 1);
    tally = tally.with(JobState.SUCCEEDED);
  }

  /** A decision about the rest. */
  void refuse(Refusal reason, long offset) {
    ledger(new LedgerRecord.Refused(offset, PLAN, reason, null, run.now()));
    tally = tally.plus(Tally.ofRefused(reason, 1));
    progress(REST, POISON + 1, tally);
  }

  /** What the plan is said to have come to. */
  void progress(int stage, long nextOffset, Tally told) {
    ledger(new Progress(PLAN, stage, nextOffset, true, told, 0, version, 0, null, run.now()));
  }

  private void ledger(LedgerRecord record) {
    history.ledger.add(run.record("dlq-ledger", record));
    run.now();
  }

  /** Where the dead letter stands. */
  long letter() {
    return letter;
  }

  JobId job() {
    return job;
  }

  private void frozen(int stage, long offset) {
    history.plans.add(
        run.record(
            "dlq-plans",
            new PlanRecord.Offsets(PLAN, stage, 0, 0, OffsetSet.of(offset).parts(10).getFirst())));
  }

  private void change(State state, int stage) {
    change(state, stage, List.of(new Share(CANARY, 0, 1, 1), new Share(REST, 0, 1, 1)));
  }

  private void change(State state, int stage, List<Share> shares) {
    version++;
    var plan =
        new Plan(
            PLAN,
            "monday's",
            "ann",
            Instant.EPOCH,
            new JsonObject("{}"),
            List.of(POISON + 1),
            REPLAY,
            new Pace(10, null),
            new Canary(1, null, Canary.Then.STOP, 0),
            shares,
            state,
            stage,
            version,
            run.now(),
            null);
    history.plans.add(run.record("dlq-plans", plan));
    audit("ann", state.wireName(), plan);
    run.now();
  }

  private void audit(String who, String did, Plan plan) {
    var detail = new JsonObject(new String(JsonCodec.PLANS.encode(plan), StandardCharsets.UTF_8));
    AuditEntry entry = chain.next(run.now(), who, did, PLAN, detail);
    chain = AuditChain.endingWith(entry);
    history.audit.add(run.record("dlq-audit", entry));
  }

  /** Puts another record in the place of the first one of its kind in the ledger. */
  <T extends LedgerRecord> void replace(Class<T> kind, Function<T, @Nullable LedgerRecord> by) {
    for (int i = 0; i < history.ledger.size(); i++) {
      Recorded<LedgerRecord> old = history.ledger.get(i);
      if (kind.isInstance(old.value())) {
        LedgerRecord other = by.apply(kind.cast(old.value()));
        history.ledger.remove(i);
        if (other != null) {
          history.ledger.add(
              i,
              new Recorded<>(old.topic(), old.partition(), old.offset(), old.appendedAt(), other));
        }
        return;
      }
    }
  }

  List<Violation> check() {
    return run.check();
  }
}
