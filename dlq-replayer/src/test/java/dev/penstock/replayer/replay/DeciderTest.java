package dev.penstock.replayer.replay;

import static dev.penstock.replayer.replay.Letters.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobState;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.replay.Order.Want;
import dev.penstock.replayer.select.OffsetSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class DeciderTest {
  private static final PlanId PLAN = new PlanId("plan");
  private static final Action REPLAY = new Action.Replay(3, null);

  private final Decider decider = new Decider();

  private static Order order(OffsetSet selected, int inFlight, @Nullable Double perSecond) {
    return new Order(PLAN, 1, 0, selected, REPLAY, Change.NONE, inFlight, perSecond, Want.GO_ON);
  }

  private static Order of(PlanId plan, int stage, OffsetSet selected, Action action) {
    return new Order(plan, 1, stage, selected, action, Change.NONE, 1_000, null, Want.GO_ON);
  }

  /** One of a later version, of which that is wanted. */
  private static Order wanted(OffsetSet selected, int version, Want want) {
    return new Order(PLAN, version, 0, selected, REPLAY, Change.NONE, 1_000, null, want);
  }

  private void begin(Order order) {
    decider.orders(List.of(order));
    assertThat(decider.next(NOW)).isInstanceOf(Step.Watch.class);
    decider.watching(70, 70);
  }

  private static Step.Write write(Step step) {
    assertThat(step).isInstanceOf(Step.Write.class);
    return (Step.Write) step;
  }

  private static Progress progress(Step.Write write) {
    return (Progress) write.ledger().getLast();
  }

  /** What follows when the wanted letters are read. */
  private Step answer(Step step, Instant now, Letter... letters) {
    assertThat(step).isInstanceOf(Step.Read.class);
    var wanted = (Step.Read) step;
    var read = new ArrayList<Letter>();
    for (Letter letter : letters) {
      if (letter.offset() >= wanted.from() && read.size() < wanted.max()) {
        read.add(letter);
      }
    }
    return decider.read(
        new Reading(read, read.isEmpty() ? 1_000 : read.getLast().offset() + 1), now);
  }

  @Test
  void oneWriteHasTheGenerationTheResolutionAndTheProgress() {
    begin(order(OffsetSet.of(3, 5), 10, null));
    Step.Write write =
        write(answer(decider.next(NOW), NOW, Letters.letter(3, 0), Letters.letter(5, 2)));
    assertThat(write.successors().stream().map(each -> each.record().generation()))
        .containsExactly(1, 3);
    assertThat(write.successors().getFirst().record().attempts()).isEmpty();
    assertThat(write.ledger())
        .containsExactly(
            new LedgerRecord.Replayed(3, Letters.id(3), 0, PLAN, null, NOW),
            new LedgerRecord.Replayed(5, Letters.id(5), 2, PLAN, null, NOW),
            new Progress(
                PLAN,
                0,
                6,
                true,
                new Tally(2, 0, 0, Map.of(), 0, 0, 0, 0, 0, 0),
                70,
                1,
                0,
                null,
                NOW));
  }

  @Test
  void whatWasNotWrittenIsReadAgain() {
    begin(order(OffsetSet.of(3), 10, null));
    write(answer(decider.next(NOW), NOW, Letters.letter(3, 0)));
    decider.notWritten();
    assertThat(decider.next(NOW))
        .isInstanceOfSatisfying(Step.Read.class, read -> assertThat(read.from()).isEqualTo(3));
  }

  @Test
  void eachRefusalHasItsReason() {
    decider.recall(new LedgerRecord.Replayed(1, Letters.id(1), 0, new PlanId("other"), null, NOW));
    begin(order(OffsetSet.of(1, 2, 3, 4, 5, 6), 10, null));
    var expired =
        new Letter.OfJob(5, Letters.deadLetter(Letters.job(5, null, NOW.minusSeconds(1)), 0), null);
    Step.Write write =
        write(
            answer(
                decider.next(NOW),
                NOW,
                Letters.letter(1, 0),
                new Letter.Poison(2, "not JSON"),
                new Letter.Unreadable(3, "cut"),
                Letters.letter(4, 3),
                expired,
                Letters.letter(7, 0)));
    assertThat(write.successors()).isEmpty();
    assertThat(write.ledger())
        .filteredOn(LedgerRecord.Refused.class::isInstance)
        .extracting(each -> ((LedgerRecord.Refused) each).reason())
        .containsExactly(
            Refusal.ALREADY_RESOLVED,
            Refusal.POISON,
            Refusal.UNREADABLE,
            Refusal.RETURNED_TOO_OFTEN,
            Refusal.EXPIRED,
            Refusal.GONE);
  }

  @Test
  void atMostSoManyAreInFlight() {
    begin(order(OffsetSet.of(1, 2, 3), 2, null));
    answer(
        decider.next(NOW), NOW, Letters.letter(1, 0), Letters.letter(2, 0), Letters.letter(3, 0));
    decider.written();
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
    assertThat(decider.awaits(Letters.id(1), 1)).isTrue();
    decider.ended(Letters.id(1), 1, JobState.SUCCEEDED);
    assertThat(decider.next(NOW))
        .isInstanceOfSatisfying(Step.Read.class, read -> assertThat(read.max()).isEqualTo(1));
  }

  @Test
  void replaysKeepToTheirRate() {
    begin(order(OffsetSet.of(1, 2, 3), 10, 2.0));
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(NOW.plusMillis(500)));
    Instant then = NOW.plusMillis(500);
    Step.Write first =
        write(answer(decider.next(then), then, Letters.letter(1, 0), Letters.letter(2, 0)));
    assertThat(first.successors()).hasSize(1);
    decider.written();
    assertThat(decider.next(then)).isEqualTo(new Step.Wait(then.plusMillis(500)));
  }

  @Test
  void outcomesAreToldOnceASecondAndAtOnceWhenTheLastIsKnown() {
    begin(order(OffsetSet.of(1, 2), 10, null));
    answer(decider.next(NOW), NOW, Letters.letter(1, 0), Letters.letter(2, 0));
    decider.written();
    decider.ended(Letters.id(1), 1, JobState.DEAD_LETTERED);
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(NOW.plus(Decider.REPORT)));
    decider.ended(Letters.id(2), 1, JobState.SUCCEEDED);
    assertThat(write(decider.next(NOW)).ledger())
        .containsExactly(
            new Progress(
                PLAN,
                0,
                3,
                true,
                new Tally(2, 0, 0, Map.of(), 1, 1, 0, 0, 0, 0),
                70,
                1,
                0,
                null,
                NOW));
  }

  @Test
  void thePausedPlanReplaysNothingAndHearsOfOutcomes() {
    begin(order(OffsetSet.of(1, 2), 1, null));
    answer(decider.next(NOW), NOW, Letters.letter(1, 0));
    decider.written();
    decider.orders(List.of(wanted(OffsetSet.of(1, 2), 2, Want.HOLD)));
    assertThat(progress(write(decider.next(NOW))).seen()).isEqualTo(2);
    decider.written();
    decider.ended(Letters.id(1), 1, JobState.SUCCEEDED);
    assertThat(progress(write(decider.next(NOW))).tally().succeeded()).isEqualTo(1);
    decider.written();
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
  }

  @Test
  void whatWasReadForAPlanThatIsPausedMeanwhileIsLeft() {
    begin(order(OffsetSet.of(1), 1, null));
    Step read = decider.next(NOW);
    decider.orders(List.of());
    assertThat(answer(read, NOW, Letters.letter(1, 0))).isInstanceOf(Step.Wait.class);
    assertThat(decider.next(NOW)).isEqualTo(new Step.Idle());
  }

  @Test
  void aLaterStageHasItsOwnOffsets() {
    begin(of(PLAN, 0, OffsetSet.of(8), REPLAY));
    answer(decider.next(NOW), NOW, Letters.letter(8, 0));
    decider.written();
    decider.orders(List.of(of(PLAN, 1, OffsetSet.of(2, 9), REPLAY)));
    Step.Write write =
        write(answer(decider.next(NOW), NOW, Letters.letter(2, 0), Letters.letter(9, 0)));
    assertThat(write.ledger().getLast())
        .isEqualTo(
            new Progress(
                PLAN,
                1,
                10,
                true,
                new Tally(3, 0, 0, Map.of(), 0, 0, 0, 0, 0, 0),
                70,
                1,
                0,
                null,
                NOW));
  }

  @Test
  void aPlanThatIsReadLateDoesNotGoBackAStage() {
    decider.recall(new Progress(PLAN, 1, 5, false, Tally.NONE, 0, 0, 0, null, NOW));
    begin(of(PLAN, 0, OffsetSet.of(8), REPLAY));
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
  }

  @Test
  void theNextDeciderHearsOfOutcomesFromWhereTheyCanStand() {
    decider.recall(new LedgerRecord.Replayed(1, Letters.id(1), 0, PLAN, null, NOW));
    decider.recall(new LedgerRecord.Replayed(2, Letters.id(2), 0, PLAN, null, NOW));
    decider.recall(
        new Progress(
            PLAN,
            0,
            3,
            false,
            new Tally(2, 0, 0, Map.of(), 1, 0, 0, 0, 0, 0),
            44,
            0,
            0,
            null,
            NOW));
    decider.orders(List.of(order(OffsetSet.of(1, 2, 3), 2, null)));
    assertThat(decider.next(NOW)).isEqualTo(new Step.Watch(44L));
    decider.watching(44, 44);
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
    decider.ended(Letters.id(1), 1, JobState.SUCCEEDED);
    decider.ended(Letters.id(1), 1, JobState.SUCCEEDED);
    Step.Write write = write(answer(decider.next(NOW), NOW, Letters.letter(3, 0)));
    assertThat(((Progress) write.ledger().getLast()).tally())
        .isEqualTo(new Tally(3, 0, 0, Map.of(), 1, 0, 0, 0, 0, 0));
  }

  @Test
  void outcomesThatAreNotKeptAnyMoreAreUnknownAndHoldNothingUp() {
    decider.recall(new LedgerRecord.Replayed(1, Letters.id(1), 0, PLAN, null, NOW));
    decider.recall(
        new Progress(
            PLAN,
            0,
            2,
            false,
            new Tally(1, 0, 0, Map.of(), 0, 0, 0, 0, 0, 0),
            44,
            0,
            0,
            null,
            NOW));
    decider.orders(List.of(order(OffsetSet.of(1, 3), 1, null)));
    assertThat(decider.next(NOW)).isEqualTo(new Step.Watch(44L));
    decider.outcomesLost(90);
    decider.watching(90, 90);
    Step.Write write = write(answer(decider.next(NOW), NOW, Letters.letter(3, 0)));
    assertThat(((Progress) write.ledger().getLast()).tally())
        .isEqualTo(new Tally(2, 0, 0, Map.of(), 0, 0, 0, 0, 1, 0));
  }

  @Test
  void aDiscardResolvesWithoutASuccessor() {
    begin(of(PLAN, 0, OffsetSet.of(1, 2), new Action.Discard("too old")));
    Step.Write write =
        write(answer(decider.next(NOW), NOW, Letters.letter(1, 4), new Letter.Poison(2, "x")));
    assertThat(write.successors()).isEmpty();
    assertThat(write.ledger())
        .startsWith(
            new LedgerRecord.Discarded(1, Letters.id(1), 4, PLAN, "too old", NOW),
            new LedgerRecord.Discarded(2, null, null, PLAN, "too old", NOW));
    decider.written();
    PlanId later = new PlanId("later");
    decider.orders(List.of(of(later, 0, OffsetSet.of(1), REPLAY)));
    decider.watching(70, 70);
    assertThat(write(answer(decider.next(NOW), NOW, Letters.letter(1, 4))).ledger().getFirst())
        .isEqualTo(new LedgerRecord.Refused(1, later, Refusal.ALREADY_RESOLVED, null, NOW));
  }

  @Test
  void plansTakeTurns() {
    var one = of(new PlanId("one"), 0, OffsetSet.of(1, 3), REPLAY);
    var two = of(new PlanId("two"), 0, OffsetSet.of(2, 4), REPLAY);
    decider.orders(List.of(one, two));
    decider.next(NOW);
    decider.watching(0, 0);
    var order = new ArrayList<Long>();
    for (int i = 0; i < 4; i++) {
      var read = (Step.Read) decider.next(NOW);
      order.add(read.from());
      decider.read(new Reading(List.of(Letters.letter(read.from(), 0)), read.from() + 1), NOW);
      decider.written();
    }
    assertThat(order).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void whatCanNotBeReadYetIsWaitedFor() {
    begin(order(OffsetSet.of(3), 10, null));
    decider.next(NOW);
    assertThat(decider.read(new Reading(List.of(), 3), NOW))
        .isEqualTo(new Step.Wait(NOW.plus(Duration.ofMillis(200))));
    assertThat(decider.next(NOW)).isInstanceOf(Step.Wait.class);
    assertThat(decider.next(NOW.plusMillis(200))).isInstanceOf(Step.Read.class);
  }

  private void replay(long... offsets) {
    begin(order(OffsetSet.of(offsets), 1_000, null));
    Letter[] letters =
        Arrays.stream(offsets).mapToObj(offset -> Letters.letter(offset, 0)).toArray(Letter[]::new);
    write(answer(decider.next(NOW), NOW, letters));
    decider.written();
  }

  @Test
  void theAbortIsObeyedOnceAndWhatWasBegunIsFollowedToItsEnd() {
    replay(1, 2);
    decider.orders(List.of(wanted(OffsetSet.of(1, 2, 3), 5, Want.STOP)));
    assertThat(progress(write(decider.next(NOW))).seen()).isEqualTo(5);
    decider.written();
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
    decider.ended(Letters.id(1), 1, JobState.SUCCEEDED);
    decider.ended(Letters.id(2), 1, JobState.EXPIRED);
    assertThat(progress(write(decider.next(NOW))).tally().open()).isZero();
  }

  @Test
  void aPartitionWhereNothingHasBegunObeysTheAbortToo() {
    begin(wanted(OffsetSet.of(3), 4, Want.STOP));
    assertThat(write(decider.next(NOW)).ledger())
        .containsExactly(new Progress(PLAN, 0, 0, false, Tally.NONE, 70, 4, 0, null, NOW));
  }

  @Test
  void anObeyedAbortIsNotTakenBackByWhoeverHasReadAnOlderPlan() {
    decider.recall(new Progress(PLAN, 0, 0, false, Tally.NONE, 0, 7, 0, null, NOW));
    begin(wanted(OffsetSet.of(3), 6, Want.GO_ON));
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
  }

  @Test
  void theUndoAsksWhatHasNotEndedToBeCancelledOnceAndThenIsObeyed() {
    replay(1, 2, 3);
    decider.ended(Letters.id(2), 1, JobState.SUCCEEDED);
    decider.orders(List.of(wanted(OffsetSet.of(1, 2, 3), 2, Want.UNDO)));
    Step.Write write = write(decider.next(NOW));
    assertThat(write.cancels())
        .containsExactly(
            new Step.Cancel(new CancelRequest(Letters.id(1), 1, NOW), null),
            new Step.Cancel(new CancelRequest(Letters.id(3), 1, NOW), null));
    assertThat(progress(write).seen()).isEqualTo(2);
    assertThat(progress(write).cancelsTo()).isEqualTo(4);
    assertThat(progress(write).tally().cancelsAsked()).isEqualTo(2);
    decider.written();
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
    decider.ended(Letters.id(1), 1, JobState.CANCELLED);
    decider.ended(Letters.id(3), 1, JobState.SUCCEEDED);
    assertThat(progress(write(decider.next(NOW))).tally())
        .isEqualTo(new Tally(3, 0, 0, Map.of(), 2, 0, 1, 0, 0, 2));
  }

  @Test
  void whatWasReadBeforeTheUndoIsNotReplayed() {
    begin(order(OffsetSet.of(1), 10, null));
    Step read = decider.next(NOW);
    decider.orders(List.of(wanted(OffsetSet.of(1), 2, Want.UNDO)));
    assertThat(answer(read, NOW, Letters.letter(1, 0))).isInstanceOf(Step.Wait.class);
    assertThat(write(decider.next(NOW)).cancels()).isEmpty();
  }

  @Test
  void manyAreAskedToBeCancelledInSeveralSteps() {
    int many = Decider.MAX_BATCH + 1;
    var all = new OffsetSet();
    for (int offset = 0; offset < many; offset++) {
      all.add(offset);
      decider.recall(new LedgerRecord.Replayed(offset, Letters.id(offset), 0, PLAN, "key", NOW));
    }
    decider.recall(new Progress(PLAN, 0, many, true, Tally.ofReplayed(many), 0, 1, 0, null, NOW));
    decider.orders(List.of(wanted(all, 2, Want.UNDO)));
    assertThat(decider.next(NOW)).isEqualTo(new Step.Watch(0L));
    decider.watching(0, 9);
    // One of them may have ended: that stands in the events.
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
    decider.watchedTo(9);
    Step.Write first = write(decider.next(NOW));
    assertThat(first.cancels())
        .hasSize(Decider.MAX_BATCH)
        .allMatch(each -> "key".equals(each.orderingKey()));
    assertThat(progress(first).seen()).isEqualTo(1);
    decider.written();
    Step.Write second = write(decider.next(NOW));
    assertThat(second.cancels()).hasSize(1);
    assertThat(progress(second).seen()).isEqualTo(2);
  }

  @Test
  void whoTakesOverInAnUndoAsksForTheOthers() {
    decider.recall(new LedgerRecord.Replayed(1, Letters.id(1), 0, PLAN, null, NOW));
    decider.recall(new LedgerRecord.Replayed(2, Letters.id(2), 0, PLAN, null, NOW));
    Tally before = Tally.ofReplayed(2).plus(Tally.ofCancelsAsked(1));
    decider.recall(new Progress(PLAN, 0, 3, true, before, 44, 1, 2, null, NOW));
    decider.orders(List.of(wanted(OffsetSet.of(1, 2), 2, Want.UNDO)));
    decider.next(NOW);
    decider.watching(44, 44);
    Step.Write write = write(decider.next(NOW));
    assertThat(write.cancels())
        .extracting(each -> each.request().jobId())
        .containsExactly(Letters.id(2));
    assertThat(progress(write).tally().cancelsAsked()).isEqualTo(2);
  }

  @Test
  void aPlanThatIsUndoneAfterItsEndIsReadFromTheLedgerAnew() {
    replay(1);
    decider.orders(List.of());
    decider.orders(List.of(wanted(OffsetSet.of(1), 4, Want.UNDO)));
    assertThat(decider.next(NOW)).isEqualTo(new Step.Recall());
  }

  @Test
  void whatPlansBeganThatAreOverIsReadAnewWhenOneIsNot() {
    var late = new Decider(PLAN::equals);
    late.recall(new LedgerRecord.Replayed(1, Letters.id(1), 0, PLAN, null, NOW));
    late.recall(new Progress(PLAN, 0, 2, true, Tally.ofReplayed(1), 0, 1, 0, null, NOW));
    late.orders(List.of(wanted(OffsetSet.of(1), 4, Want.UNDO)));
    assertThat(late.next(NOW)).isEqualTo(new Step.Recall());
  }

  private static Order purge(PlanId plan, OffsetSet selected) {
    return of(plan, 0, selected, new Action.Purge("old"));
  }

  @Test
  void aPurgeTakesAnyDeadLetterButOneWhoseJobRunsAgain() {
    decider.recall(new LedgerRecord.Discarded(4, Letters.id(4), 0, PLAN, "no", NOW));
    decider.recall(new LedgerRecord.Purged(5, null, null, PLAN, "no", NOW));
    replay(1, 2);
    decider.ended(Letters.id(1), 1, JobState.SUCCEEDED);
    PlanId other = new PlanId("other");
    decider.orders(
        List.of(
            wanted(OffsetSet.of(1, 2), 1, Want.GO_ON),
            purge(other, OffsetSet.of(1, 2, 3, 4, 5, 6, 7))));
    Step.Write write =
        write(
            answer(
                decider.next(NOW),
                NOW,
                Letters.letter(1, 0),
                Letters.letter(2, 0),
                new Letter.Poison(3, "x"),
                Letters.letter(4, 0),
                new Letter.Poison(5, "x"),
                Letters.letter(6, 0),
                Letters.letter(9, 0)));
    assertThat(write.ledger())
        .startsWith(
            new LedgerRecord.Purged(1, Letters.id(1), 0, other, "old", NOW),
            new LedgerRecord.Refused(2, other, Refusal.STILL_OPEN, null, NOW),
            new LedgerRecord.Purged(3, null, null, other, "old", NOW),
            new LedgerRecord.Purged(4, Letters.id(4), 0, other, "old", NOW),
            new LedgerRecord.Refused(5, other, Refusal.ALREADY_RESOLVED, null, NOW),
            new LedgerRecord.Purged(6, Letters.id(6), 0, other, "old", NOW),
            new LedgerRecord.Refused(7, other, Refusal.GONE, null, NOW));
  }

  @Test
  void aPurgeIsCompleteWhenTheLogWasCut() {
    begin(purge(PLAN, OffsetSet.of(1)));
    Step.Write purged = write(answer(decider.next(NOW), NOW, Letters.letter(1, 0)));
    assertThat(progress(purged).complete()).isFalse();
    decider.written();
    assertThat(decider.next(NOW))
        .isInstanceOfSatisfying(
            Step.Cut.class, cut -> assertThat(cut.purged().contains(1)).isTrue());
    decider.notCut(NOW);
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(NOW.plusSeconds(5)));
    assertThat(decider.next(NOW.plusSeconds(5))).isInstanceOf(Step.Cut.class);
    decider.cut(2);
    Step.Write complete = write(decider.next(NOW.plusSeconds(5)));
    assertThat(progress(complete).complete()).isTrue();
    assertThat(progress(complete).cutTo()).isEqualTo(2);
    decider.notWritten();
    assertThat(write(decider.next(NOW.plusSeconds(5)))).isEqualTo(complete);
  }

  @Test
  void aPurgeWaitsUntilWhatHasEndedIsKnown() {
    decider.recall(new LedgerRecord.Replayed(1, Letters.id(1), 0, PLAN, null, NOW));
    decider.recall(new Progress(PLAN, 0, 2, true, Tally.ofReplayed(1), 5, 1, 0, null, NOW));
    decider.orders(
        List.of(
            wanted(OffsetSet.of(1), 1, Want.GO_ON), purge(new PlanId("other"), OffsetSet.of(1))));
    assertThat(decider.next(NOW)).isEqualTo(new Step.Watch(5L));
    decider.watching(5, 8);
    assertThat(decider.next(NOW)).isEqualTo(new Step.Wait(null));
    decider.ended(Letters.id(1), 1, JobState.SUCCEEDED);
    decider.watchedTo(8);
    assertThat(write(decider.next(NOW)).ledger()).hasSize(1);
    decider.written();
    assertThat(decider.next(NOW)).isInstanceOf(Step.Read.class);
  }
}
