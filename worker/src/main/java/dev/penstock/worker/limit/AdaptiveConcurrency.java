package dev.penstock.worker.limit;

import dev.penstock.job.Failure;
import dev.penstock.job.JobRecord;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.TargetGate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Bounds the calls at once of each target by how it fares, where no limit of calls at once is
 * known: each worker for itself. Refusals for a rate count only where no rate is known either; else
 * keeping to the rate is what helps.
 */
public final class AdaptiveConcurrency implements TargetGate {
  /** The most targets that are remembered; one that is not lowered can be forgotten. */
  private static final int MAX_TARGETS = 1_000;

  private final int slots;
  private final GroupLimits limits;
  private final Map<Target, Aimd> targets = new LinkedHashMap<>();
  private long version;

  /**
   * @param slots the worker's
   * @param limits knows which limits are known
   */
  public AdaptiveConcurrency(int slots, GroupLimits limits) {
    this.slots = slots;
    this.limits = limits;
  }

  @Override
  public Opening look(Target target, JobRecord record, Instant now) {
    Aimd aimd = targets.get(target);
    return aimd == null || aimd.isOpen() || limits.knows(target, false, now)
        ? Opening.OPEN
        : new Opening.Closed(Instant.MAX, "adaptive concurrency");
  }

  @Override
  public Pass take(Target target, JobRecord record, Instant now) {
    if (targets.size() >= MAX_TARGETS) {
      targets.values().removeIf(each -> !each.isLowered());
    }
    if (targets.size() >= MAX_TARGETS) {
      targets.clear();
    }
    Aimd aimd = targets.computeIfAbsent(target, _ -> new Aimd(slots));
    aimd.begun();
    return new Running(target, aimd, now);
  }

  @Override
  public long version() {
    return version;
  }

  private final class Running implements Pass {
    private final Target target;
    private final Aimd aimd;
    private final Instant begunAt;

    Running(Target target, Aimd aimd, Instant begunAt) {
      this.target = target;
      this.aimd = aimd;
      this.begunAt = begunAt;
    }

    @Override
    public void ended(ProviderResult result, Duration latency, Instant now) {
      boolean lowered = aimd.isLowered();
      aimd.ended(isOverload(result, now), begunAt, now);
      if (lowered || aimd.isLowered()) {
        version++;
      }
    }

    @Override
    public void unused(Instant now) {
      aimd.unused();
      version++;
    }

    private boolean isOverload(ProviderResult result, Instant now) {
      return result instanceof ProviderResult.Failed(Failure failure, _)
          && switch (failure) {
            case Failure.Overloaded _, Failure.TimedOut _ -> true;
            case Failure.Throttled _ -> !limits.knows(target, true, now);
            case Failure.Retryable _,
                Failure.InvalidRequest _,
                Failure.NoProvider _,
                Failure.OutputTooLarge _,
                Failure.Undecodable _,
                Failure.Unknown _,
                Failure.CrashLoop _,
                Failure.CallCancelled _,
                Failure.Authentication _,
                Failure.ContentRefused _,
                Failure.ContextTooLong _,
                Failure.ModelNotFound _,
                Failure.BudgetSpent _ ->
                false;
          };
    }
  }
}
