package dev.penstock.replayer.plan;

import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The life of a plan: which state follows from which, when someone asks for it and when its work is
 * done. Pure.
 *
 * <pre>
 * draft -confirm-> running -(canary has ended)-> canary-report -go-on-> running -(all has ended)-> done
 *                  running -pause-> paused -resume-> running
 * draft, running, canary-report, paused -abort-> aborted
 * </pre>
 */
public final class PlanLife {
  private PlanLife() {}

  /** What someone asks of a plan. */
  public enum Command {
    CONFIRM,
    PAUSE,
    RESUME,
    GO_ON,
    ABORT;

    /** The name on the wire: {@code go-on}. */
    public String wireName() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The one that is called so, or nothing. */
    public static Optional<Command> ofWireName(String name) {
      return Arrays.stream(values()).filter(each -> each.wireName().equals(name)).findFirst();
    }
  }

  /** What became of a command. */
  public sealed interface Answer {
    record Changed(Plan plan) implements Answer {}

    /** It is as it was asked for already: to ask twice is no mistake. */
    record Already(Plan plan) implements Answer {}

    /** The plan is in a state in which that can't be. */
    record Refused(String reason) implements Answer {}
  }

  /** What becomes of the plan when someone asks for that. */
  public static Answer obey(Plan plan, Command command, Instant now) {
    State to =
        switch (command) {
          case CONFIRM, RESUME, GO_ON -> State.RUNNING;
          case PAUSE -> State.PAUSED;
          case ABORT -> State.ABORTED;
        };
    boolean can =
        switch (command) {
          case CONFIRM -> plan.state() == State.DRAFT;
          case PAUSE -> plan.state() == State.RUNNING;
          case RESUME -> plan.state() == State.PAUSED;
          case GO_ON -> plan.state() == State.CANARY_REPORT;
          case ABORT -> !plan.state().isEnd();
        };
    if (can) {
      int stage =
          switch (command) {
            case CONFIRM -> firstStage(plan);
            case GO_ON -> plan.stage() + 1;
            case PAUSE, RESUME, ABORT -> plan.stage();
          };
      return new Answer.Changed(changed(plan, to, stage, now, null));
    }
    return plan.state() == to
        ? new Answer.Already(plan)
        : new Answer.Refused(
            "the plan is " + plan.state().wireName() + ": it can't " + command.wireName());
  }

  /** One without a canary begins with the rest. */
  private static int firstStage(Plan plan) {
    return plan.shares().stream().mapToInt(Share::stage).min().orElse(0);
  }

  /**
   * What becomes of the plan by what the partitions have come to; nothing when it goes on as it is.
   * A stage has ended when all of it is decided and every generation that it began has ended.
   *
   * @param progress by partition
   */
  public static Optional<Plan> advance(Plan plan, Map<Integer, Progress> progress, Instant now) {
    boolean ended =
        plan.state() == State.RUNNING
            && plan.shares().stream()
                .filter(share -> share.stage() == plan.stage())
                .allMatch(share -> hasEnded(share, progress.get(share.partition())));
    if (!ended || tally(progress).open() > 0) {
      return Optional.empty();
    }
    boolean more = plan.shares().stream().anyMatch(share -> share.stage() > plan.stage());
    return Optional.of(
        changed(
            plan, more ? State.CANARY_REPORT : State.DONE, plan.stage(), now, report(progress)));
  }

  private static boolean hasEnded(Share share, @Nullable Progress progress) {
    return progress != null
        && (progress.stage() > share.stage()
            || (progress.stage() == share.stage() && progress.complete()));
  }

  /** What all partitions have come to together. */
  public static Tally tally(Map<Integer, Progress> progress) {
    return progress.values().stream().map(Progress::tally).reduce(Tally.NONE, Tally::plus);
  }

  private static String report(Map<Integer, Progress> progress) {
    Tally tally = tally(progress);
    return "replayed %d (succeeded %d, dead-lettered again %d, cancelled %d, expired %d, unknown %d), discarded %d, purged %d, refused %d"
        .formatted(
            tally.replayed(),
            tally.succeeded(),
            tally.deadLettered(),
            tally.cancelled(),
            tally.expired(),
            tally.unknown(),
            tally.discarded(),
            tally.purged(),
            tally.decided() - tally.replayed() - tally.discarded() - tally.purged());
  }

  private static Plan changed(
      Plan plan, State state, int stage, Instant now, @Nullable String note) {
    return new Plan(
        plan.id(),
        plan.name(),
        plan.requestedBy(),
        plan.createdAt(),
        plan.selection(),
        plan.ends(),
        plan.action(),
        plan.pace(),
        plan.canary(),
        plan.shares(),
        state,
        stage,
        plan.version() + 1,
        now,
        note);
  }
}
