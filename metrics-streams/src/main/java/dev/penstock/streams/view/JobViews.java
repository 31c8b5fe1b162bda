package dev.penstock.streams.view;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobState;
import dev.penstock.job.JobView;
import dev.penstock.job.Outcome;
import dev.penstock.job.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What people see of a life. */
public final class JobViews {
  private JobViews() {}

  /** The job as it is shown, or nothing while only a worker's events are known. */
  public static Optional<JobView> view(JobId id, JobLife life) {
    JobLife.Profile profile = life.profile();
    if (profile == null) {
      return Optional.empty();
    }
    JobLife.End end = life.end();
    JobState state = life.state();
    JobLife.AttemptLife last = life.attempts().isEmpty() ? null : life.attempts().getLast();
    Integer running = state == JobState.RUNNING && last != null ? last.number() : null;
    Instant dueAt = state == JobState.SCHEDULED ? profile.runAt() : null;
    if (state == JobState.WAITING && last != null && last.retry() != null) {
      dueAt = last.retry().dueAt();
    }
    List<Attempt> attempts = end == null ? failedAttempts(life) : end.attempts();
    return Optional.of(
        new JobView(
            id,
            profile.kind(),
            profile.model(),
            state.wireName(),
            life.position().toString(),
            life.generation(),
            attempts,
            running,
            profile.maxAttempts(),
            life.isCancelRequested(),
            life.wastedCalls(),
            profile.acceptedAt(),
            profile.expireAt(),
            dueAt,
            end == null ? null : end.at(),
            end == null ? null : end.failure(),
            profile.labels(),
            profile.orderingKey(),
            profile.tenant() == null ? TenantId.DEFAULT : profile.tenant(),
            Attempt.costNanos(attempts),
            life.wastedCostNanos(),
            life.retryNowRequestedAt(),
            profile.traceId()));
  }

  /** What {@code event} says the job came to. */
  public static JobResult result(JobEvent.Finished event) {
    JobOutput output =
        switch (event.outcome()) {
          case Outcome.Succeeded(JobOutput answered) -> answered;
          case Outcome.DeadLettered _, Outcome.Cancelled _, Outcome.Expired _ -> null;
        };
    Failure failure =
        switch (event.outcome()) {
          case Outcome.DeadLettered(Failure reason) -> reason;
          case Outcome.Succeeded _, Outcome.Cancelled _, Outcome.Expired _ -> null;
        };
    return new JobResult(
        event.jobId(),
        event.generation(),
        event.outcome().state().wireName(),
        output,
        failure,
        event.at(),
        Attempt.costNanos(event.attempts()));
  }

  /**
   * What changes whenever the shown job changes: the position, and what can change while it stays.
   */
  public static String tag(JobLife life) {
    int wasted = life.wastedCalls();
    return life.position()
        + (life.isCancelRequested() ? "+cancel" : "")
        + (life.retryNowRequestedAt() == null ? "" : "+now")
        + (wasted == 0 ? "" : "+wasted" + wasted);
  }

  private static List<Attempt> failedAttempts(JobLife life) {
    return life.attempts().stream()
        .map(JobLife.AttemptLife::retry)
        .filter(Objects::nonNull)
        .map(JobLife.Retry::failed)
        .toList();
  }
}
