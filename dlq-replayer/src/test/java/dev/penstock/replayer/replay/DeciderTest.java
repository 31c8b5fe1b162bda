package dev.penstock.replayer.replay;

import static dev.penstock.replayer.replay.Letters.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobState;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.select.OffsetSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class DeciderTest {
  private static final PlanId PLAN = new PlanId("plan");
  private static final Action REPLAY = new Action.Replay(3, null);

  private final Decider decider = new Decider();

  private static Order order(OffsetSet selected, int inFlight, @Nullable Double perSecond) {
    return new Order(PLAN, 0, selected, REPLAY, Change.NONE, inFlight, perSecond, true);
  }

  private static Order of(PlanId plan, int stage, OffsetSet selected, Action action) {
    return new Order(plan, stage, selected, action, Change.NONE, 1_000, null, true);
  }

  private void begin(Order order) {
    decider.orders(List.of(order));
    assertThat(decider.next(NOW)).isInstanceOf(Step.Watch.class);
    decider.watching(70);
  }

  private static Step.Write write(Step step) {
    assertThat(step).isInstanceOf(Step.Write.class);
    return (Step.Write) step;
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
                0,
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
                0,
                0,
                null,
                NOW));
  }

  @Test
  void thePausedPlanReplaysNothingAndHearsOfOutcomes() {
    begin(order(OffsetSet.of(1, 2), 1, null));
    answer(decider.next(NOW), NOW, Letters.letter(1, 0));
    decider.written();
    decider.orders(
        List.of(new Order(PLAN, 0, OffsetSet.of(1, 2), REPLAY, Change.NONE, 1, null, false)));
    decider.ended(Letters.id(1), 1, JobState.SUCCEEDED);
    write(decider.next(NOW));
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
                0,
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
    decider.watching(44);
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
    decider.outcomesLost();
    decider.watching(90);
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
    decider.watching(70);
    assertThat(write(answer(decider.next(NOW), NOW, Letters.letter(1, 4))).ledger().getFirst())
        .isEqualTo(new LedgerRecord.Refused(1, later, Refusal.ALREADY_RESOLVED, null, NOW));
  }

  @Test
  void plansTakeTurns() {
    var one = of(new PlanId("one"), 0, OffsetSet.of(1, 3), REPLAY);
    var two = of(new PlanId("two"), 0, OffsetSet.of(2, 4), REPLAY);
    decider.orders(List.of(one, two));
    decider.next(NOW);
    decider.watching(0);
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
}
