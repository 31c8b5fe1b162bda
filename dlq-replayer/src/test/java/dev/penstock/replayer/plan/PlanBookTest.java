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
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import java.time.Duration;
import java.time.Instant;
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
    return new Draft(
            ID,
            "p",
            "ann",
            new JsonObject("{}"),
            new Action.Replay(3, patch),
            new Pace(10, 8.0),
            Map.of(1, OffsetSet.of(4)),
            Map.of(1, OffsetSet.of(5, 6), 2, OffsetSet.of(7, 8, 9, 10, 11, 12)))
        .records(NOW);
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
        2,
        NOW,
        null);
  }

  private void take(State state, int stage, @Nullable String patch) {
    draft(patch).forEach(book::take);
    book.take(in(state, stage, patch));
  }

  @Test
  void nothingIsWantedOfADraftAndOfAPlanThatHasEnded() {
    for (State state : List.of(State.DRAFT, State.DONE, State.ABORTED)) {
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
    assertThat(two.running()).isTrue();
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
    assertThat(book.orders(1).getFirst().running()).isFalse();
  }

  @Test
  void aPlanDoesNotRunBeforeAllOfItsOffsetsAreRead() {
    book.take(in(State.RUNNING, 1, null));
    assertThat(book.orders(1).getFirst().running()).isFalse();
    draft(null).stream().filter(PlanRecord.Offsets.class::isInstance).forEach(book::take);
    assertThat(book.orders(1).getFirst().running()).isTrue();
  }

  @Test
  void aPlanWhoseOffsetsAreOthersThanItSaysDoesNotRun() {
    take(State.RUNNING, 1, null);
    book.take(new PlanRecord.Offsets(ID, 1, 1, 0, OffsetSet.of(1, 2, 3).parts(10).getFirst()));
    assertThat(book.orders(1).getFirst().running()).isFalse();
    book.take(new PlanRecord.Offsets(ID, 1, 1, 0, "not base64!"));
    assertThat(book.orders(1).getFirst().running()).isFalse();
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
    assertThat(book.orders(1).getFirst().running()).isFalse();
  }

  @Test
  void aRecordThatCanNotBeReadIsAnAlarm() {
    var record = new ConsumerRecord<>("p.dlq-plans", 0, 9L, new byte[0], new byte[] {1});
    assertThatThrownBy(() -> book.take(record))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("offset 9");
  }
}
