package dev.penstock.chaos.law;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Each planted violation of what replays promise is found. */
final class ReplayLawsTest {
  private final ReplayRun run = new ReplayRun();

  @Test
  void aReplayThatKeepsAllLawsHasNoViolations() {
    assertThat(run.check()).isEmpty();
    assertThat(new ReplayRun(true).check()).as("aborted").isEmpty();
  }

  @Test
  void aResolutionWithoutItsNewGenerationIsFound() {
    run.history.jobs.removeIf(each -> each.value().generation() > 0);
    assertFound(run, Law.REPLAYED_ONCE, "entered 0 times");
  }

  @Test
  void aNewGenerationWithoutItsResolutionIsFound() {
    run.replace(Replayed.class, _ -> null);
    assertFound(run, Law.REPLAYED_ONCE, "the ledger tells of 0 replays");
  }

  @Test
  void aDoubleReplayIsFound() {
    run.history.jobs.add(run.run.record("jobs", run.history.jobs.getLast().value()));
    assertFound(run, Law.REPLAYED_ONCE, "entered 2 times");
  }

  @Test
  void aDeadLetterThatIsResolvedTwiceIsFound() {
    run.history.ledger.add(
        run.run.record(
            "dlq-ledger",
            new LedgerRecord.Discarded(
                run.letter(), run.job(), 0, ReplayRun.PLAN, "no", run.run.now())));
    assertFound(run, Law.REPLAYED_ONCE, "was resolved 2 times");
  }

  @Test
  void aReplayOfAnotherDeadLetterThanItSaysIsFound() {
    run.replace(
        Replayed.class,
        each -> new Replayed(each.offset(), run.run.succeeded, 0, each.plan(), null, each.at()));
    assertFound(run, Law.REPLAYED_ONCE, "which is not of the generation before");
  }

  @Test
  void aSelectedDeadLetterThatNobodyDecidedAboutIsFound() {
    run.replace(LedgerRecord.Refused.class, _ -> null);
    assertFound(run, Law.SELECTED_IS_DECIDED_ONCE, "is done, but decided about 1 of 2");
    assertFound(run, Law.SELECTED_IS_DECIDED_ONCE, "has come further than dead letter 0-1000000");
  }

  @Test
  void aSecondDecisionIsFound() {
    run.refuse(Refusal.POISON, ReplayRun.POISON);
    assertFound(run, Law.SELECTED_IS_DECIDED_ONCE, "more than once");
  }

  @Test
  void aDecisionAboutADeadLetterThatIsNotSelectedIsFound() {
    run.refuse(Refusal.GONE, ReplayRun.POISON - 1);
    assertFound(run, Law.SELECTED_IS_DECIDED_ONCE, "but selects it not");
  }

  @Test
  void aReasonThatDoesNotHoldIsFound() {
    run.replace(
        LedgerRecord.Refused.class,
        each ->
            new LedgerRecord.Refused(
                each.offset(), each.plan(), Refusal.ALREADY_RESOLVED, null, each.at()));
    assertFound(run, Law.SELECTED_IS_DECIDED_ONCE, "a reason that does not hold");
  }

  @Test
  void aDecisionThatIsNoneOfThePlansIsFound() {
    run.replace(
        LedgerRecord.Refused.class,
        each ->
            new LedgerRecord.Discarded(each.offset(), null, null, each.plan(), "no", each.at()));
    assertFound(run, Law.SELECTED_IS_DECIDED_ONCE, "decided otherwise");
  }

  @Test
  void aDecisionBeforeTheConfirmationIsFound() {
    delay(State.RUNNING, ReplayRun.CANARY);
    assertFound(run, Law.PLANS_ARE_OBEYED, "although it was not to");
  }

  @Test
  void aRestThatDoesNotWaitForItsCanaryIsFound() {
    delay(State.RUNNING, ReplayRun.REST);
    assertFound(run, Law.CANARY_GOES_FIRST, "before anyone wanted its stage 1");
  }

  @Test
  void aCanaryThatIsReportedBeforeItHasEndedIsFound() {
    run.run.forgetOutcome(run.job());
    assertFound(run, Law.CANARY_GOES_FIRST, "had ended");
  }

  /** Readers see that version an hour later. */
  private void delay(State state, int stage) {
    run.history.plans.replaceAll(each ->
        each.value() instanceof Plan plan && plan.state() == state && plan.stage() == stage
            ? new Recorded<>(
                each.topic(),
                each.partition(),
                each.offset(),
                each.appendedAt(),
                each.visibleAt().plus(Duration.ofHours(1)),
                each.value())
            : each);
  }

  @Test
  void aDecisionAfterAnAbortIsFound() {
    var aborted = new ReplayRun(true);
    aborted.refuse(Refusal.POISON, ReplayRun.POISON);
    assertFound(aborted, Law.PLANS_ARE_OBEYED, "after it was ABORTED");
    assertFound(aborted, Law.PLANS_ARE_OBEYED, "although it was not to in version 5");
  }

  @Test
  void anUndoThatIsCountedWithoutItsOutcomeIsFound() {
    run.progress(
        ReplayRun.REST,
        ReplayRun.POISON + 1,
        new Tally(1, 0, 0, java.util.Map.of(Refusal.POISON, 1L), 0, 0, 1, 0, 0, 1));
    assertFound(run, Law.UNDONE_ONLY_BY_OUTCOME, "1 cancelled, but that is the outcome of 0");
  }

  @Test
  void aTallyThatIsNotWhatTheTopicsTellIsFound() {
    run.replace(
        Progress.class,
        each ->
            new Progress(
                each.plan(),
                each.stage(),
                each.nextOffset(),
                each.complete(),
                Tally.ofReplayed(2),
                each.eventsFrom(),
                each.seen(),
                each.cancelsTo(),
                each.cutTo(),
                each.at()));
    assertFound(run, Law.PLANS_TELL_THE_TRUTH, "to have come to Tally[replayed=2");
  }

  @Test
  void aLedgerOfNoPlanIsFound() {
    run.history.plans.clear();
    assertFound(run, Law.PLANS_ARE_OBEYED, "there is no such plan");
  }

  @Test
  void aChangeThatIsNotInTheAuditIsFound() {
    run.history.audit.removeLast();
    assertFound(run, Law.AUDIT_IS_WHOLE, "has not exactly one entry of its version 6");
  }

  @Test
  void anEntryThatWasChangedIsFound() {
    run.history.audit.replaceAll(each ->
        each.value().sequence() == 2
            ? new Recorded<>(
                each.topic(), each.partition(), each.offset(), each.appendedAt(), by(each.value()))
            : each);
    assertFound(run, Law.AUDIT_IS_WHOLE, "entry 2 is not as it was written");
  }

  private static AuditEntry by(AuditEntry entry) {
    return new AuditEntry(
        entry.sequence(),
        entry.at(),
        "somebody else",
        entry.did(),
        entry.plan(),
        entry.detail(),
        entry.previousHash(),
        entry.hash());
  }

  private static void assertFound(ReplayRun run, Law law, String words) {
    assertThat(run.check())
        .anySatisfy(violation -> {
          assertThat(violation.law()).isEqualTo(law);
          assertThat(violation.finding()).contains(words);
        });
  }
}
