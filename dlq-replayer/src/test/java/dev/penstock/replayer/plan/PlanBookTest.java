package dev.penstock.replayer.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.change.Change.Changed;
import dev.penstock.replayer.replay.Order;
import dev.penstock.replayer.replay.Order.Want;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PlanBookTest {
  private static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");
  private static final PlanId ID = new PlanId("p");
  private static final SubmissionReader READER = new SubmissionReader(Contract.load(), () -> NOW);

  private final PlanBook book = new PlanBook(READER);

  private static List<PlanRecord> draft(@Nullable String patch) {
    Plan asked =
        new Draft(
                ID,
                "p",
                "ann",
                new JsonObject("{}"),
                new Action.Replay(3, patch),
                new Pace(10, 8.0),
                null)
            .selecting(List.of(99L, 99L, 99L), NOW);
    Frozen found =
        Frozen.of(
            ID,
            Map.of(1, OffsetSet.of(4)),
            Map.of(1, OffsetSet.of(5, 6), 2, OffsetSet.of(7, 8, 9, 10, 11, 12)),
            new JsonObject("{\"matched\":9}"));
    var records = new ArrayList<>(found.records());
    records.add(PlanLife.drafted(asked, found.shares(), NOW));
    return records;
  }

  private static Plan in(State state, int stage, @Nullable String patch) {
    Plan draft = (Plan) draft(patch).getLast();
    return new Plan(
        draft.id(),
        draft.name(),
        draft.requestedBy(),
        draft.createdAt(),
        draft.selection(),
        draft.ends(),
        draft.action(),
        draft.pace(),
        draft.canary(),
        draft.shares(),
        state,
        stage,
        3,
        NOW,
        null);
  }

  private void take(State state, int stage, @Nullable String patch) {
    draft(patch).forEach(book::take);
    book.take(in(state, stage, patch));
  }

  @Test
  void nothingIsWantedOfADraftAndOfAPlanThatHasEnded() {
    for (State state :
        List.of(State.SELECTING, State.DRAFT, State.DONE, State.ABORTED, State.UNDONE)) {
      take(state, 0, null);
      assertThat(book.hasWork(1)).as("%s", state).isFalse();
      assertThat(book.orders(1)).as("%s", state).isEmpty();
    }
  }

  @Test
  void eachPartitionHasItsPartOfTheStage() {
    take(State.RUNNING, 1, null);
    assertThat(book.hasWork(0)).isFalse();
    Order two = book.orders(2).getFirst();
    assertThat(two.selected().count()).isEqualTo(6);
    assertThat(two.inFlight() + book.orders(1).getFirst().inFlight()).isEqualTo(10);
    assertThat(two.perSecond()).isEqualTo(6.0);
    assertThat(two.want()).isEqualTo(Want.GO_ON);
    assertThat(two.change()).isSameAs(Change.NONE);
  }

  @Test
  void aPartitionWithoutAPartOfTheStageIsToldOfItAllTheSame() {
    take(State.RUNNING, 0, null);
    Order two = book.orders(2).getFirst();
    assertThat(two.stage()).isZero();
    assertThat(two.selected().count()).isZero();
    assertThat(two.inFlight()).isZero();
  }

  @Test
  void thePausedPlanIsKnownAndDoesNotRun() {
    take(State.PAUSED, 1, null);
    assertThat(book.orders(1).getFirst().want()).isEqualTo(Want.HOLD);
  }

  @Test
  void aPlanDoesNotRunBeforeAllOfItsOffsetsAreRead() {
    book.take(in(State.RUNNING, 1, null));
    assertThat(book.orders(1).getFirst().want()).isEqualTo(Want.HOLD);
    draft(null).stream().filter(PlanRecord.Offsets.class::isInstance).forEach(book::take);
    assertThat(book.orders(1).getFirst().want()).isEqualTo(Want.GO_ON);
  }

  @Test
  void aPlanWhoseOffsetsAreOthersThanItSaysDoesNotRun() {
    take(State.RUNNING, 1, null);
    book.take(new PlanRecord.Offsets(ID, 1, 1, 0, OffsetSet.of(1, 2, 3).parts(10).getFirst()));
    assertThat(book.orders(1).getFirst().want()).isEqualTo(Want.HOLD);
    book.take(new PlanRecord.Offsets(ID, 1, 1, 0, "not base64!"));
    assertThat(book.orders(1).getFirst().want()).isEqualTo(Want.HOLD);
  }

  @Test
  void theChangeIsThePlansPatch() {
    take(State.RUNNING, 1, "[{\"op\":\"replace\",\"path\":\"/model\",\"value\":\"other\"}]");
    var job =
        new Job(
            JobId.of("01a1fde9-9009-7fbe-b20b-f706a42df8e7"),
            "local",
            new JobInput.Embed("t"),
            1,
            Duration.ofSeconds(1),
            NOW,
            null,
            Map.of());
    assertThat(book.orders(1).getFirst().change().apply(job, NOW))
        .isInstanceOfSatisfying(
            Changed.Other.class, other -> assertThat(other.job().model()).isEqualTo("other"));
  }

  @Test
  void aPlanWhoseChangeCanNotBeReadDoesNotRun() {
    take(State.RUNNING, 1, "[{\"op\":\"later\"}]");
    assertThat(book.orders(1).getFirst().want()).isEqualTo(Want.HOLD);
  }

  @Test
  void aRecordThatCanNotBeReadIsAnAlarm() {
    var record = new ConsumerRecord<>("p.dlq-plans", 0, 9L, new byte[0], new byte[] {1});
    assertThatThrownBy(() -> book.take(record))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("offset 9");
  }

  @Test
  void whatIsAbortedStopsAndWhatIsUndoneIsCancelledAsWell() {
    take(State.ABORTING, 1, null);
    assertThat(book.orders(2).getFirst().want()).isEqualTo(Want.STOP);
    assertThat(book.orders(2).getFirst().version()).isEqualTo(3);
    take(State.UNDOING, 1, null);
    assertThat(book.orders(2).getFirst().want()).isEqualTo(Want.UNDO);
  }

  @Test
  void aPlanThatIsUndoneAfterItsEndNeedsNoOffsets() {
    take(State.ABORTED, 1, null);
    book.take(in(State.UNDOING, 1, null));
    assertThat(book.orders(2).getFirst().want()).isEqualTo(Want.UNDO);
  }

  private void takeBack(String key) {
    book.take(
        new ConsumerRecord<>(
            "p.dlq-plans", 0, 9L, key.getBytes(StandardCharsets.UTF_8), (byte[]) null));
  }

  @Test
  void thePreviewIsKeptUntilThePlanIsTakenBack() {
    take(State.DONE, 1, null);
    takeBack("p/1/2/0");
    assertThat(book.preview(ID)).contains(new JsonObject("{\"matched\":9}"));
    takeBack("p");
    takeBack("p/preview");
    assertThat(book.plans()).isEmpty();
    assertThat(book.plan(ID)).isEmpty();
    assertThat(book.preview(ID)).isEmpty();
  }
}
