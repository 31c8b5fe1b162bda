package dev.penstock.worker.judge;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Served;
import dev.penstock.job.Waits;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.retry.RetryPolicies;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides what an attempt's result means for its job. No I/O; the randomness is the backoff's
 * jitter. Not thread-safe: it remembers what providers' retries have spent.
 */
public final class Judge {
  private final RetryPolicies policies;
  private final RetryBudget budget;
  private final RandomGenerator random;

  public Judge(RetryPolicies policies, RetryBudget budget, RandomGenerator random) {
    this.policies = policies;
    this.budget = budget;
    this.random = random;
  }

  /** Whether nobody wants the job's result any more. */
  public static boolean isExpired(JobRecord record, Instant now) {
    Instant expireAt = record.job().expireAt();
    return expireAt != null && !now.isBefore(expireAt);
  }

  /**
   * What follows from an attempt.
   *
   * @param record the record whose attempt it was
   * @param call how the call went
   * @param result what came of it
   * @param elsewhere who else could do it
   * @param now when it ended
   */
  public Settlement judge(
      JobRecord record, Call call, ProviderResult result, Elsewhere elsewhere, Instant now) {
    if (isFirstOf(call.provider(), record) && !isNoCall(result)) {
      budget.earn(call.provider(), now);
    }
    return switch (result) {
      case ProviderResult.Answered(var output, _) ->
          new Settlement.Finish(
              attempts(record, call.attempt(record, null, result.report())),
              new Outcome.Succeeded(output),
              now);
      case ProviderResult.Failed(Failure failure, _) -> {
        List<Attempt> attempts = attempts(record, call.attempt(record, failure, result.report()));
        var next = new JobRecord(record.job(), record.generation(), attempts, now);
        yield attempts.size() < record.job().maxAttempts()
            ? again(next, call.provider(), failure, elsewhere.after(next, now), now)
            : new Settlement.Finish(attempts, new Outcome.DeadLettered(failure), now);
      }
    };
  }

  private Settlement again(
      JobRecord next, String provider, Failure failure, Elsewhere.Way way, Instant now) {
    return switch (way) {
      case AT_ONCE ->
          // Another target gets it: the retries of the one that failed have no part in it.
          isExpired(next, now)
              ? new Settlement.Finish(next.attempts(), new Outcome.Expired(), now)
              : new Settlement.Retry(next, now, false);
      case LATER -> retry(next, provider, next.attempts(), failure, now);
      case NONE -> new Settlement.Finish(next.attempts(), new Outcome.DeadLettered(failure), now);
    };
  }

  private static boolean isFirstOf(String provider, JobRecord record) {
    return record.attempts().stream().noneMatch(each -> each.provider().equals(provider));
  }

  /** The end of a job that no call is made for: cancelled or expired. */
  public static Settlement withoutCall(JobRecord record, Outcome outcome, Instant now) {
    return new Settlement.Finish(record.attempts(), outcome, now);
  }

  /** The end of a job that is served with what another one's call came to. */
  public static Settlement served(
      JobRecord record,
      String worker,
      String provider,
      JobOutput output,
      Served served,
      Waits waits,
      Instant now) {
    var attempt =
        new Attempt(
            record.nextAttempt(), provider, worker, now, Duration.ZERO, null, served, waits);
    return new Settlement.Finish(attempts(record, attempt), new Outcome.Succeeded(output), now);
  }

  /** The end of a job whose call was cut short because its result is not wanted any more. */
  public static Settlement cutShort(
      JobRecord record, Call call, ProviderResult.Failed why, Outcome outcome, Instant now) {
    return new Settlement.Finish(
        attempts(record, call.attempt(record, why.failure(), why.report())), outcome, now);
  }

  private static boolean isNoCall(ProviderResult result) {
    return result instanceof ProviderResult.Failed(Failure failure, _)
        && failure instanceof Failure.NoProvider;
  }

  private Settlement retry(
      JobRecord record, String provider, List<Attempt> attempts, Failure failure, Instant now) {
    Instant dueAt = now.plus(policies.delayAfter(record.job(), attempts.size(), failure, random));
    Instant expireAt = record.job().expireAt();
    if (expireAt != null && !dueAt.isBefore(expireAt)) {
      return new Settlement.Finish(attempts, new Outcome.Expired(), now);
    }
    Duration debt = budget.spend(provider, now);
    Instant paidAt = now.plus(debt);
    // No job ends because of the budget: where it would expire waiting for it, it does not wait.
    boolean moves = paidAt.isAfter(dueAt) && (expireAt == null || paidAt.isBefore(expireAt));
    return new Settlement.Retry(
        new JobRecord(record.job(), record.generation(), attempts, moves ? paidAt : dueAt),
        now,
        moves);
  }

  private static List<Attempt> attempts(JobRecord record, Attempt last) {
    var attempts = new ArrayList<Attempt>(record.attempts());
    attempts.add(last);
    return attempts;
  }

  /**
   * How a call was made.
   *
   * @param provider whom it called
   * @param worker who made it
   * @param startedAt when it began
   * @param latency how long it took
   * @param asked who was called, where the job's own model does not say it, or null
   * @param insteadOf why earlier targets of the job's route were not called, or null
   * @param waits what it waited for before, or null where that is not known
   */
  public record Call(
      String provider,
      String worker,
      Instant startedAt,
      Duration latency,
      @Nullable Target asked,
      @Nullable String insteadOf,
      @Nullable Waits waits) {
    /** A call of the first target of a job. */
    public Call(String provider, String worker, Instant startedAt, Duration latency) {
      this(provider, worker, startedAt, latency, null, null, null);
    }

    /** The same call, with who was called instead of whom, and what it had to wait for. */
    public Call after(@Nullable Target asked, @Nullable String insteadOf, @Nullable Waits waits) {
      return new Call(provider, worker, startedAt, latency, asked, insteadOf, waits);
    }

    Attempt attempt(JobRecord record, @Nullable Failure failure, CallReport report) {
      return new Attempt(
          record.nextAttempt(),
          provider,
          worker,
          startedAt,
          latency,
          failure,
          served(report),
          waits);
    }

    private @Nullable Served served(CallReport report) {
      return report.equals(CallReport.NONE) && asked == null && insteadOf == null
          ? null
          : new Served(
              report.model() == null ? askedModel() : report.model(),
              report.requestId(),
              report.usage(),
              report.costNanos(),
              insteadOf,
              asked == null ? null : asked.toString(),
              null);
    }

    private @Nullable String askedModel() {
      return asked == null || asked.model().isEmpty() ? null : asked.model();
    }
  }
}
