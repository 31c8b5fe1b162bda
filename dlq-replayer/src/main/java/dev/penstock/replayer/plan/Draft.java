package dev.penstock.replayer.plan;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A plan that someone asks for: what it selects is looked for, and nothing happens before it is
 * confirmed.
 *
 * @param selection what it is about, in the words of the request
 * @param canary what is done first, or null where everything is one stage
 */
public record Draft(
    PlanId id,
    String name,
    String requestedBy,
    JsonObject selection,
    Action action,
    Pace pace,
    @Nullable Canary canary) {
  /** The stage of what is done first. */
  public static final int CANARY = 0;

  /** The stage of what follows. */
  public static final int REST = 1;

  /**
   * @throws IllegalArgumentException when no plan can be like this; the message says why
   */
  public Draft {
    var _ = plan(id, name, requestedBy, selection, action, pace, canary, List.of(), Instant.EPOCH);
  }

  /**
   * The plan that it begins as.
   *
   * @param ends where the partitions of dead letters end now
   */
  Plan selecting(List<Long> ends, Instant now) {
    return plan(id, name, requestedBy, selection, action, pace, canary, ends, now);
  }

  private static Plan plan(
      PlanId id,
      String name,
      String requestedBy,
      JsonObject selection,
      Action action,
      Pace pace,
      @Nullable Canary canary,
      List<Long> ends,
      Instant now) {
    return new Plan(
        id,
        name,
        requestedBy,
        now,
        selection,
        ends,
        action,
        pace,
        canary,
        List.of(),
        State.SELECTING,
        0,
        1,
        now,
        null);
  }

  /** Whether {@code plan} is what this asks for, whatever has become of it since. */
  boolean isWhatBecame(Plan plan) {
    return equals(
        new Draft(
            plan.id(),
            plan.name(),
            plan.requestedBy(),
            plan.selection(),
            plan.action(),
            plan.pace(),
            plan.canary()));
  }
}
