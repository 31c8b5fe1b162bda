package dev.penstock.streams.search;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.job.JobView;
import dev.penstock.job.TenantId;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.JobViews;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job in a list.
 *
 * @param state its state on the wire
 * @param priority its priority on the wire
 * @param provider who was called last, or null
 * @param attempts how many attempts of this generation were begun
 * @param durationMillis from when this generation entered to its end, or null
 * @param costNanos what its attempts cost together, or null where that is of none known
 * @param code of the failure that it was dead-lettered for or waits because of, or null
 * @param message of that failure, cut at {@link #MAX_MESSAGE_CHARS}, or null
 * @param excerpt the beginning of its input, or null where inputs are not searched
 * @param cancelRequested true where someone asked for the end of a job that has not ended; else
 *     null
 * @param retryNowRequested true where someone asked for the attempt that it waits for now; else
 *     null
 * @param version up to where this tells its life
 */
record JobSummary(
    JobId id,
    String kind,
    String model,
    String tenant,
    String state,
    String priority,
    @Nullable String provider,
    int attempts,
    int maxAttempts,
    Instant acceptedAt,
    @Nullable Instant dueAt,
    @Nullable Instant finishedAt,
    @Nullable Long durationMillis,
    @Nullable Long costNanos,
    @Nullable String code,
    @Nullable String message,
    @Nullable String orderingKey,
    Map<String, String> labels,
    @Nullable String excerpt,
    @Nullable String traceId,
    @Nullable Boolean cancelRequested,
    @Nullable Boolean retryNowRequested,
    String version) {
  static final int MAX_MESSAGE_CHARS = 200;
  static final int MAX_EXCERPT_CHARS = 160;

  /**
   * The summary of a life that is shown.
   *
   * @param submitted what only the job's own record says
   */
  static JobSummary of(JobId id, JobLife life, Submitted submitted) {
    JobView view =
        JobViews.view(id, life)
            .orElseThrow(() -> new IllegalArgumentException("a life that is not shown"));
    Failure failure = failure(view, life);
    Instant entered = life.enteredAt() == null ? view.acceptedAt() : life.enteredAt();
    Instant finished = view.finishedAt();
    TenantId tenant = view.tenant();
    String input = submitted.input();
    return new JobSummary(
        id,
        view.kind(),
        view.model(),
        (tenant == null ? TenantId.DEFAULT : tenant).name(),
        view.state(),
        submitted.priority().wireName(),
        provider(life),
        attempts(life),
        view.maxAttempts(),
        view.acceptedAt(),
        view.dueAt(),
        finished,
        finished == null ? null : Math.max(0, Duration.between(entered, finished).toMillis()),
        view.costNanos(),
        failure == null ? null : failure.code(),
        failure == null ? null : cut(failure.message(), MAX_MESSAGE_CHARS),
        view.orderingKey(),
        view.labels(),
        input == null ? null : cut(input.strip(), MAX_EXCERPT_CHARS),
        view.traceId(),
        (view.cancelRequested() && finished == null) ? true : null,
        view.retryNowRequestedAt() == null ? null : true,
        view.version());
  }

  /** The failure that put the job where it is. */
  static @Nullable Failure failure(JobView view, JobLife life) {
    if (view.failure() != null) {
      return view.failure();
    }
    return life.state() == JobState.WAITING && !view.attempts().isEmpty()
        ? view.attempts().getLast().failure()
        : null;
  }

  private static @Nullable String provider(JobLife life) {
    JobLife.End end = life.end();
    if (end != null && !end.attempts().isEmpty()) {
      Attempt last = end.attempts().getLast();
      return last.reachedProvider() ? last.provider() : null;
    }
    if (life.attempts().isEmpty()) {
      return null;
    }
    JobLife.AttemptLife last = life.attempts().getLast();
    if (!last.starts().isEmpty()) {
      return last.starts().getLast().provider();
    }
    JobLife.Retry retry = last.retry();
    Attempt failed = retry == null ? null : retry.failed();
    return failed == null ? null : failed.provider();
  }

  private static int attempts(JobLife life) {
    JobLife.End end = life.end();
    int begun = life.attempts().isEmpty() ? 0 : life.attempts().getLast().number();
    return end == null ? begun : Math.max(begun, end.attempts().size());
  }

  /** {@code text} or its beginning; never half a character. */
  static String cut(String text, int maxChars) {
    if (text.length() <= maxChars) {
      return text;
    }
    int end = maxChars - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }
}
