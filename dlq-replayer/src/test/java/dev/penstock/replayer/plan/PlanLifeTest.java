package dev.penstock.replayer.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.plan.PlanLife.Answer;
import dev.penstock.replayer.plan.PlanLife.Command;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PlanLifeTest {
  private static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");
  private static final Share CANARY = new Share(0, 1, 2, 1);
  private static final Share REST = new Share(1, 0, 5, 1);
  private static final Share MORE = new Share(1, 1, 5, 1);

  private static Plan plan(State state, int stage, Share... shares) {
    return new Plan(
        new PlanId("p"),
        "p",
        "ann",
        NOW,
        new JsonObject("{}"),
        List.of(),
        new Action.Replay(3, null),
        new Pace(10, null),
        null,
        List.of(shares),
        state,
        stage,
        1,
        NOW,
        null);
  }

  private static Progress progress(int stage, boolean complete, long replayed, long succeeded) {
    return new Progress(
        new PlanId("p"),
        stage,
        9,
        complete,
        new Tally(replayed, 0, 0, Map.of(), succeeded, 0, 0, 0, 0, 0),
        0,
        0,
        0,
        null,
        NOW);
  }

  private static Plan after(Plan plan, Command command) {
    return ((Answer.Changed) PlanLife.obey(plan, command, NOW)).plan();
  }

  @Test
  void eachCommandHasItsStates() {
    Map<Command, Set<State>> allowed =
        Map.of(
            Command.CONFIRM, EnumSet.of(State.DRAFT),
            Command.PAUSE, EnumSet.of(State.RUNNING),
            Command.RESUME, EnumSet.of(State.PAUSED),
            Command.GO_ON, EnumSet.of(State.CANARY_REPORT),
            Command.ABORT,
                EnumSet.complementOf(EnumSet.of(State.DONE, State.ABORTED, State.UNDONE)));
    for (Command command : Command.values()) {
      for (State state : State.values()) {
        assertThat(
                PlanLife.obey(plan(state, 0, CANARY, REST), command, NOW) instanceof Answer.Changed)
            .as("%s in %s", command, state)
            .isEqualTo(allowed.getOrDefault(command, Set.of()).contains(state));
      }
      assertThat(Command.ofWireName(command.wireName())).contains(command);
    }
  }

  @Test
  void toAskTwiceIsNoMistakeAndToAskTooLateIsTold() {
    assertThat(PlanLife.obey(plan(State.ABORTED, 0, REST), Command.ABORT, NOW))
        .isInstanceOf(Answer.Already.class);
    assertThat(PlanLife.obey(plan(State.RUNNING, 0, REST), Command.CONFIRM, NOW))
        .isInstanceOf(Answer.Already.class);
    assertThat(PlanLife.obey(plan(State.DONE, 0, REST), Command.PAUSE, NOW))
        .isEqualTo(new Answer.Refused("the plan is done: it can't pause"));
  }

  @Test
  void theCanaryIsReportedWhenAllOfItHasEnded() {
    Plan running = after(plan(State.DRAFT, 0, CANARY, REST, MORE), Command.CONFIRM);
    assertThat(running.stage()).isZero();
    assertThat(PlanLife.advance(running, Map.of(), NOW)).isEmpty();
    assertThat(PlanLife.advance(running, Map.of(1, progress(0, false, 1, 1)), NOW)).isEmpty();
    assertThat(PlanLife.advance(running, Map.of(1, progress(0, true, 2, 1)), NOW)).isEmpty();
    Plan reported =
        PlanLife.advance(running, Map.of(1, progress(0, true, 2, 2)), NOW).orElseThrow();
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

  @Test
  void itIsDoneWhenEveryPartitionIs() {
    Plan running = plan(State.RUNNING, 1, CANARY, REST, MORE);
    assertThat(
            PlanLife.advance(
                running, Map.of(0, progress(1, true, 5, 5), 1, progress(0, true, 2, 2)), NOW))
        .isEmpty();
    assertThat(
            PlanLife.advance(
                    running, Map.of(0, progress(1, true, 5, 5), 1, progress(1, true, 7, 7)), NOW)
                .orElseThrow()
                .state())
        .isEqualTo(State.DONE);
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
}
