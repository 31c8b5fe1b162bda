package dev.penstock.replayer.plan;

import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The life of a plan: which state follows from which, when someone asks for it and when its work is
 * done. Pure.
 *
 * <pre>
 * selecting -(found)-> draft -confirm-> running -(all has ended)-> done
 * running -(the canary has ended)-> canary-report -go-on-> running, or on by itself
 * running -pause-> paused -resume-> running
 * selecting, draft -abort-> aborted; selecting -(can't be found)-> aborted
 * running, canary-report, paused -abort-> aborting -(all that it began has ended)-> aborted
 * running, canary-report, paused, aborting, aborted -undo-> undoing -(all has ended)-> undone
 * </pre>
 */
public final class PlanLife {
  private static final Set<State> BEFORE_ITS_START = EnumSet.of(State.SELECTING, State.DRAFT);
  private static final Set<State> AT_WORK =
      EnumSet.of(State.RUNNING, State.CANARY_REPORT, State.PAUSED);

  /** 0.55 of 100 is a little more than 55 to a computer. */
  private static final double ROUNDING = 1e-6;

  /** How many plans are kept that have ended; the oldest give way. */
  static final int MAX_ENDED = 200;

  private PlanLife() {}

  /** What someone asks of a plan. */
  public enum Command {
    CONFIRM,
    PAUSE,
    RESUME,
    GO_ON,
    ABORT,
    UNDO;

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

  /**
   * A plan that has come further by itself.
   *
   * @param did what that is called in the audit
   */
  public record Moved(Plan plan, String did) {}

  /**
   * What becomes of the plan when someone asks for that.
   *
   * @param version of the plan that they saw, or null for whichever it is
   * @param tally what the plan has come to
   */
  public static Answer obey(
      Plan plan, Command command, @Nullable Integer version, Tally tally, Instant now) {
    boolean seen = version == null || version == plan.version();
    // Whoever asks twice has seen the plan as it was before.
    boolean isSecondTime = version != null && version == plan.version() - 1;
    if (isAfter(plan, command) && (seen || isSecondTime)) {
      return new Answer.Already(plan);
    }
    if (!seen) {
      return new Answer.Refused(
          "the plan has changed: it is "
              + plan.state().wireName()
              + " in version "
              + plan.version()
              + ", and not as in version "
              + version);
    }
    if (!before(command).contains(plan.state())) {
      return new Answer.Refused(
          "the plan is " + plan.state().wireName() + ": it can't " + command.wireName());
    }
    return switch (command) {
      case CONFIRM ->
          plan.shares().isEmpty()
              ? new Answer.Refused("the plan selects no dead letter: there is nothing to confirm")
              : new Answer.Changed(changed(plan, State.RUNNING, firstStage(plan), now, null));
      case PAUSE -> new Answer.Changed(changed(plan, State.PAUSED, plan.stage(), now, null));
      case RESUME -> new Answer.Changed(changed(plan, State.RUNNING, plan.stage(), now, null));
      case GO_ON -> new Answer.Changed(changed(plan, State.RUNNING, plan.stage() + 1, now, null));
      case ABORT ->
          new Answer.Changed(
              changed(
                  plan,
                  BEFORE_ITS_START.contains(plan.state()) ? State.ABORTED : State.ABORTING,
                  plan.stage(),
                  now,
                  null));
      case UNDO -> undo(plan, tally, now);
    };
  }

  private static Answer undo(Plan plan, Tally tally, Instant now) {
    if (!(plan.action() instanceof Action.Replay)) {
      return new Answer.Refused("only replays can be undone");
    }
    if (plan.state() == State.ABORTED && tally.open() + tally.unknown() == 0) {
      return new Answer.Refused("all that the plan had replayed has ended: nothing can be undone");
    }
    return new Answer.Changed(changed(plan, State.UNDOING, plan.stage(), now, null));
  }

  /** In which states it can be asked for. */
  private static Set<State> before(Command command) {
    return switch (command) {
      case CONFIRM -> EnumSet.of(State.DRAFT);
      case PAUSE -> EnumSet.of(State.RUNNING);
      case RESUME -> EnumSet.of(State.PAUSED);
      case GO_ON -> EnumSet.of(State.CANARY_REPORT);
      case ABORT -> union(BEFORE_ITS_START, AT_WORK);
      case UNDO -> union(AT_WORK, EnumSet.of(State.ABORTING, State.ABORTED));
    };
  }

  /** Whether it has been asked for, as far as the plan tells. */
  private static boolean isAfter(Plan plan, Command command) {
    return switch (command) {
      case CONFIRM, RESUME -> plan.state() == State.RUNNING;
      case GO_ON -> plan.state() == State.RUNNING && plan.stage() > Draft.CANARY;
      case PAUSE -> plan.state() == State.PAUSED;
      case ABORT -> plan.state() == State.ABORTING || plan.state() == State.ABORTED;
      case UNDO -> plan.state() == State.UNDOING || plan.state() == State.UNDONE;
    };
  }

  private static Set<State> union(Set<State> some, Set<State> others) {
    var all = EnumSet.copyOf(some);
    all.addAll(others);
    return all;
  }

  /** One without a canary begins with the rest. */
  private static int firstStage(Plan plan) {
    return plan.shares().stream().mapToInt(Share::stage).min().orElse(0);
  }

  /** What becomes of a plan when it is known what it selects. */
  static Plan drafted(Plan plan, List<Share> shares, Instant now) {
    var frozen =
        new Plan(
            plan.id(),
            plan.name(),
            plan.requestedBy(),
            plan.createdAt(),
            plan.selection(),
            plan.ends(),
            plan.action(),
            plan.pace(),
            plan.canary(),
            shares,
            plan.state(),
            plan.stage(),
            plan.version(),
            plan.changedAt(),
            plan.note());
    return changed(frozen, State.DRAFT, firstStage(frozen), now, null);
  }

  /** What becomes of a plan when that can't be known. */
  static Plan failed(Plan plan, String why, Instant now) {
    String note = why.substring(0, Math.min(why.length(), Plan.MAX_TEXT_CHARS));
    return changed(plan, State.ABORTED, plan.stage(), now, note);
  }

  /**
   * What becomes of the plan by what the partitions have come to; nothing when it goes on as it is.
   * A stage has ended when all of it is decided and every generation that it began has ended. A
   * plan that was aborted or undone has, when each of its partitions has said that nothing more
   * begins, and every generation has ended.
   *
   * @param progress by partition
   */
  public static Optional<Moved> advance(Plan plan, Map<Integer, Progress> progress, Instant now) {
    return switch (plan.state()) {
      case RUNNING -> stageEnded(plan, progress) ? Optional.of(next(plan, progress, now)) : none();
      case ABORTING -> ended(plan, State.ABORTED, progress, now);
      case UNDOING -> ended(plan, State.UNDONE, progress, now);
      case SELECTING, DRAFT, CANARY_REPORT, PAUSED, ABORTED, UNDONE, DONE -> none();
    };
  }

  private static Optional<Moved> none() {
    return Optional.empty();
  }

  private static boolean stageEnded(Plan plan, Map<Integer, Progress> progress) {
    return plan.shares().stream()
            .filter(share -> share.stage() == plan.stage())
            .allMatch(share -> hasEnded(share, progress.get(share.partition())))
        && tally(progress).open() == 0;
  }

  private static boolean hasEnded(Share share, @Nullable Progress progress) {
    return progress != null
        && (progress.stage() > share.stage()
            || (progress.stage() == share.stage() && progress.complete()));
  }

  private static Moved next(Plan plan, Map<Integer, Progress> progress, Instant now) {
    boolean more = plan.shares().stream().anyMatch(share -> share.stage() > plan.stage());
    String report = report(progress);
    if (!more) {
      return moved(changed(plan, State.DONE, plan.stage(), now, report));
    }
    return hasPassed(plan.canary(), tally(progress))
        ? new Moved(
            changed(plan, State.RUNNING, plan.stage() + 1, now, report), Command.GO_ON.wireName())
        : moved(changed(plan, State.CANARY_REPORT, plan.stage(), now, report));
  }

  private static Moved moved(Plan plan) {
    return new Moved(plan, plan.state().wireName());
  }

  /** Of a canary that replayed nothing nobody can say how it went. */
  private static boolean hasPassed(@Nullable Canary canary, Tally tally) {
    return canary != null
        && canary.then() == Canary.Then.GO_ON
        && tally.replayed() > 0
        && tally.succeeded() >= canary.minSucceeded() * tally.replayed() - ROUNDING;
  }

  private static Optional<Moved> ended(
      Plan plan, State end, Map<Integer, Progress> progress, Instant now) {
    return isObeyed(plan, progress) && tally(progress).open() == 0
        ? Optional.of(moved(changed(plan, end, plan.stage(), now, report(progress))))
        : none();
  }

  /**
   * Whether all partitions have said that they obey the plan as it is: of one that is paused or
   * aborted, that nothing begins any more; of one that is undone, that all was asked to be
   * cancelled besides.
   *
   * @param progress by partition
   */
  public static boolean isObeyed(Plan plan, Map<Integer, Progress> progress) {
    return plan.shares().stream()
        .map(share -> progress.get(share.partition()))
        .allMatch(last -> last != null && last.seen() >= plan.version());
  }

  /** What all partitions have come to together. */
  public static Tally tally(Map<Integer, Progress> progress) {
    return progress.values().stream().map(Progress::tally).reduce(Tally.NONE, Tally::plus);
  }

  /** Which plans are not kept any more when {@code changed} is as it is now. */
  static List<PlanId> notKept(Collection<Plan> plans, Plan changed) {
    if (!changed.state().isEnd()) {
      return List.of();
    }
    List<Plan> others =
        plans.stream()
            .filter(plan -> plan.state().isEnd() && !plan.id().equals(changed.id()))
            .sorted(Comparator.comparing(Plan::changedAt))
            .toList();
    return others.stream().limit(Math.max(0, others.size() + 1 - MAX_ENDED)).map(Plan::id).toList();
  }

  private static String report(Map<Integer, Progress> progress) {
    Tally tally = tally(progress);
    return "replayed %d (succeeded %d, dead-lettered again %d, cancelled %d, expired %d, unknown %d; asked to be cancelled %d), discarded %d, purged %d, refused %d"
        .formatted(
            tally.replayed(),
            tally.succeeded(),
            tally.deadLettered(),
            tally.cancelled(),
            tally.expired(),
            tally.unknown(),
            tally.cancelsAsked(),
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
