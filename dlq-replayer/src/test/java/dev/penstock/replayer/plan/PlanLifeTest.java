package dev.penstock.replayer.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobState;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.plan.PlanLife.Answer;
import dev.penstock.replayer.plan.PlanLife.Command;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PlanLifeTest {
  private static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");
  private static final Share CANARY = new Share(0, 1, 2, 1);
  private static final Share REST = new Share(1, 0, 5, 1);
  private static final Share MORE = new Share(1, 1, 5, 1);

  private static Plan plan(State state, int stage, Share... shares) {
    return plan(state, stage, new Action.Replay(3, null), null, shares);
  }

  private static Plan plan(
      State state, int stage, Action action, @Nullable Canary canary, Share... shares) {
    return new Plan(
        new PlanId("p"),
        "p",
        "ann",
        NOW,
        new JsonObject("{}"),
        List.of(),
        action,
        new Pace(10, null),
        canary,
        List.of(shares),
        state,
        stage,
        5,
        NOW,
        null);
  }

  private static Progress progress(int stage, boolean complete, long replayed, long succeeded) {
    return progress(stage, complete, replayed, succeeded, 5);
  }

  private static Progress progress(
      int stage, boolean complete, long replayed, long succeeded, int seen) {
    return new Progress(
        new PlanId("p"),
        stage,
        9,
        complete,
        new Tally(replayed, 0, 0, Map.of(), succeeded, 0, 0, 0, 0, 0),
        0,
        seen,
        0,
        null,
        NOW);
  }

  private static Answer asked(Plan plan, Command command, @Nullable Integer version) {
    return PlanLife.obey(plan, command, version, Tally.ofReplayed(2), NOW);
  }

  private static Plan after(Plan plan, Command command) {
    return ((Answer.Changed) asked(plan, command, null)).plan();
  }

  private static Plan moved(Plan plan, Map<Integer, Progress> progress) {
    return PlanLife.advance(plan, progress, NOW).orElseThrow().plan();
  }

  @Test
  void eachCommandHasItsStates() {
    Map<Command, Set<State>> allowed =
        Map.of(
            Command.CONFIRM,
            EnumSet.of(State.DRAFT),
            Command.PAUSE,
            EnumSet.of(State.RUNNING),
            Command.RESUME,
            EnumSet.of(State.PAUSED),
            Command.GO_ON,
            EnumSet.of(State.CANARY_REPORT),
            Command.ABORT,
            EnumSet.of(
                State.SELECTING, State.DRAFT, State.RUNNING, State.CANARY_REPORT, State.PAUSED),
            Command.UNDO,
            EnumSet.of(
                State.RUNNING, State.CANARY_REPORT, State.PAUSED, State.ABORTING, State.ABORTED));
    for (Command command : Command.values()) {
      for (State state : State.values()) {
        assertThat(asked(plan(state, 0, CANARY, REST), command, null) instanceof Answer.Changed)
            .as("%s in %s", command, state)
            .isEqualTo(allowed.getOrDefault(command, Set.of()).contains(state));
      }
      assertThat(Command.ofWireName(command.wireName())).contains(command);
    }
  }

  @Test
  void toAskTwiceIsNoMistakeAndToAskTooLateIsTold() {
    assertThat(asked(plan(State.ABORTED, 0, REST), Command.ABORT, null))
        .isInstanceOf(Answer.Already.class);
    assertThat(asked(plan(State.ABORTING, 0, REST), Command.ABORT, null))
        .isInstanceOf(Answer.Already.class);
    assertThat(asked(plan(State.RUNNING, 0, REST), Command.CONFIRM, null))
        .isInstanceOf(Answer.Already.class);
    assertThat(asked(plan(State.DONE, 0, REST), Command.PAUSE, null))
        .isEqualTo(new Answer.Refused("the plan is done: it can't pause"));
    assertThat(asked(plan(State.RUNNING, 0, CANARY, REST), Command.GO_ON, null))
        .isEqualTo(new Answer.Refused("the plan is running: it can't go-on"));
    assertThat(asked(plan(State.RUNNING, 1, CANARY, REST), Command.GO_ON, null))
        .isInstanceOf(Answer.Already.class);
  }

  @Test
  void whoHasSeenAnotherVersionIsToldSo() {
    Plan paused = plan(State.PAUSED, 1, REST);
    assertThat(asked(paused, Command.RESUME, 5)).isInstanceOf(Answer.Changed.class);
    assertThat(asked(paused, Command.RESUME, 4))
        .isEqualTo(
            new Answer.Refused(
                "the plan has changed: it is paused in version 5, and not as in version 4"));
    // The answer to the first time may not have come.
    assertThat(asked(paused, Command.PAUSE, 4)).isInstanceOf(Answer.Already.class);
    assertThat(asked(paused, Command.PAUSE, 3)).isInstanceOf(Answer.Refused.class);
  }

  @Test
  void aPlanThatSelectsNothingCanNotBeConfirmed() {
    assertThat(asked(plan(State.DRAFT, 0), Command.CONFIRM, null))
        .isEqualTo(
            new Answer.Refused("the plan selects no dead letter: there is nothing to confirm"));
  }

  @Test
  void whatHasNotBegunIsAbortedAtOnce() {
    assertThat(after(plan(State.SELECTING, 0), Command.ABORT).state()).isEqualTo(State.ABORTED);
    assertThat(after(plan(State.DRAFT, 0, REST), Command.ABORT).state()).isEqualTo(State.ABORTED);
    assertThat(after(plan(State.PAUSED, 0, REST), Command.ABORT).state()).isEqualTo(State.ABORTING);
  }

  @Test
  void theCanaryIsReportedWhenAllOfItHasEnded() {
    Plan running = after(plan(State.DRAFT, 0, CANARY, REST, MORE), Command.CONFIRM);
    assertThat(running.stage()).isZero();
    assertThat(PlanLife.advance(running, Map.of(), NOW)).isEmpty();
    assertThat(PlanLife.advance(running, Map.of(1, progress(0, false, 1, 1)), NOW)).isEmpty();
    assertThat(PlanLife.advance(running, Map.of(1, progress(0, true, 2, 1)), NOW)).isEmpty();
    Plan reported = moved(running, Map.of(1, progress(0, true, 2, 2)));
    assertThat(reported.state()).isEqualTo(State.CANARY_REPORT);
    assertThat(reported.note()).startsWith("replayed 2 (succeeded 2,");
    assertThat(reported.version()).isEqualTo(running.version() + 1);
    assertThat(after(reported, Command.GO_ON))
        .satisfies(rest -> {
          assertThat(rest.state()).isEqualTo(State.RUNNING);
          assertThat(rest.stage()).isEqualTo(1);
          assertThat(rest.note()).isNull();
        });
  }

  private static Progress canaryOf(long replayed, long succeeded, long failed) {
    return new Progress(
        new PlanId("p"),
        0,
        9,
        true,
        new Tally(replayed, 0, 0, Map.of(), succeeded, failed, 0, 0, 0, 0),
        0,
        5,
        0,
        null,
        NOW);
  }

  @Test
  void theRestFollowsByItselfWhereEnoughOfTheCanarySucceeded() {
    var canary = new Canary(10, null, Canary.Then.GO_ON, 0.8);
    Plan running = plan(State.RUNNING, 0, new Action.Replay(3, null), canary, CANARY, REST, MORE);
    assertThat(PlanLife.advance(running, Map.of(1, canaryOf(10, 8, 2)), NOW))
        .hasValueSatisfying(moved -> {
          assertThat(moved.did()).isEqualTo("go-on");
          assertThat(moved.plan().state()).isEqualTo(State.RUNNING);
          assertThat(moved.plan().stage()).isEqualTo(1);
          assertThat(moved.plan().note()).startsWith("replayed 10 (succeeded 8,");
        });
    assertThat(moved(running, Map.of(1, canaryOf(10, 7, 3))).state())
        .isEqualTo(State.CANARY_REPORT);
    assertThat(moved(running, Map.of(1, canaryOf(0, 0, 0))).state()).isEqualTo(State.CANARY_REPORT);
  }

  @Test
  void itIsDoneWhenEveryPartitionIs() {
    Plan running = plan(State.RUNNING, 1, CANARY, REST, MORE);
    assertThat(
            PlanLife.advance(
                running, Map.of(0, progress(1, true, 5, 5), 1, progress(0, true, 2, 2)), NOW))
        .isEmpty();
    assertThat(moved(running, Map.of(0, progress(1, true, 5, 5), 1, progress(1, true, 7, 7))))
        .extracting(Plan::state)
        .isEqualTo(State.DONE);
  }

  @Test
  void anAbortOrUndoEndsWhenAllPartitionsObeyItAndAllThatWasBegunHasEnded() {
    Map.of(State.ABORTING, State.ABORTED, State.UNDOING, State.UNDONE)
        .forEach((state, end) -> {
          Plan plan = plan(state, 1, REST, MORE);
          Progress obeys = progress(1, false, 2, 2, 5);
          assertThat(PlanLife.advance(plan, Map.of(0, obeys), NOW)).isEmpty();
          assertThat(PlanLife.advance(plan, Map.of(0, obeys, 1, progress(1, true, 2, 2, 4)), NOW))
              .isEmpty();
          Map<Integer, Progress> open = Map.of(0, obeys, 1, progress(1, false, 3, 2, 5));
          assertThat(PlanLife.isObeyed(plan, open)).isTrue();
          assertThat(PlanLife.advance(plan, open, NOW)).isEmpty();
          assertThat(moved(plan, Map.of(0, obeys, 1, progress(1, false, 3, 3, 5))).state())
              .isEqualTo(end);
        });
  }

  @Test
  void onlyReplaysThatHaveNotEndedCanBeUndone() {
    assertThat(
            asked(plan(State.RUNNING, 1, new Action.Discard("x"), null, REST), Command.UNDO, null))
        .isEqualTo(new Answer.Refused("only replays can be undone"));
    Tally ended = Tally.ofReplayed(1).with(JobState.SUCCEEDED);
    assertThat(PlanLife.obey(plan(State.ABORTED, 1, REST), Command.UNDO, null, ended, NOW))
        .isInstanceOf(Answer.Refused.class);
    assertThat(
            PlanLife.obey(
                plan(State.ABORTED, 1, REST),
                Command.UNDO,
                null,
                Tally.ofReplayed(1).withoutOpen(),
                NOW))
        .isInstanceOf(Answer.Changed.class);
  }

  @Test
  void withoutACanaryItBeginsWithTheRest() {
    assertThat(after(plan(State.DRAFT, 0, REST, MORE), Command.CONFIRM).stage()).isEqualTo(1);
  }

  @Test
  void thePausedPlanIsNotMovedOn() {
    assertThat(
            PlanLife.advance(plan(State.PAUSED, 1, REST), Map.of(0, progress(1, true, 5, 5)), NOW))
        .isEmpty();
  }

  private static Plan ended(int number, State state) {
    Plan plan = plan(state, 1, REST);
    return new Plan(
        new PlanId("p" + number),
        plan.name(),
        plan.requestedBy(),
        plan.createdAt(),
        plan.selection(),
        plan.ends(),
        plan.action(),
        plan.pace(),
        plan.canary(),
        plan.shares(),
        plan.state(),
        plan.stage(),
        plan.version(),
        NOW.plusSeconds(number),
        null);
  }

  @Test
  void theOldestOfTooManyEndedPlansAreNotKept() {
    var plans = new ArrayList<Plan>();
    plans.add(ended(0, State.PAUSED));
    for (int number = PlanLife.MAX_ENDED; number >= 1; number--) {
      plans.add(ended(number, State.DONE));
    }
    assertThat(PlanLife.notKept(plans, ended(0, State.RUNNING))).isEmpty();
    assertThat(PlanLife.notKept(plans, ended(PlanLife.MAX_ENDED, State.DONE))).isEmpty();
    assertThat(PlanLife.notKept(plans, ended(5_000, State.UNDONE)))
        .containsExactly(new PlanId("p1"));
  }
}
