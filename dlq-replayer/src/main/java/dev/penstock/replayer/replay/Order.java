package dev.penstock.replayer.replay;

import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.select.OffsetSet;
import org.jspecify.annotations.Nullable;

/**
 * What a plan wants of one partition now.
 *
 * @param version the plan's, which the decider says that it obeys
 * @param stage which of the plan's stages it is in; a later one has other offsets than those before
 * @param selected the offsets of that stage in this partition; not to be changed any more
 * @param change what is made of the jobs
 * @param inFlight how many jobs that it replayed here may be without an outcome
 * @param perSecond how many it may replay here a second, or null for as many as it can
 * @param want whether it may go on; what has been replayed is followed in any case
 */
public record Order(
    PlanId plan,
    int version,
    int stage,
    OffsetSet selected,
    Action action,
    Change change,
    int inFlight,
    @Nullable Double perSecond,
    Want want) {
  /** What is to be done about the selected dead letters. */
  public enum Want {
    /** What the plan does with them. */
    GO_ON,
    /** Nothing for now. */
    HOLD,
    /** Nothing any more. */
    STOP,
    /** Nothing any more, and what was replayed and has not ended is asked to be cancelled. */
    UNDO
  }
}
