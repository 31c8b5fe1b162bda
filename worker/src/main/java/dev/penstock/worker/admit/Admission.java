package dev.penstock.worker.admit;

import dev.penstock.job.Failure;
import dev.penstock.job.JobRecord;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.worker.judge.Elsewhere;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Who is to be called for a job, and whether now.
 *
 * <p>Called on the core's thread only. It has no clock and no thread of its own: the same questions
 * at the same times have the same answers, in production and in simulation.
 */
public interface Admission extends Elsewhere {
  /**
   * Whether the job's next attempt may be made now. A {@link Verdict.Call} is a promise that it is
   * made: its permit is given back by {@link Permit#ended} or {@link Permit#unused}, once.
   */
  Verdict ask(JobRecord record, Instant now);

  /**
   * What the job waits for when it has to wait: jobs of one gate stand in one queue, and while the
   * first of it has to wait, so have the others. Of few different values.
   */
  String gate(JobRecord record);

  /**
   * A number that is another one when a verdict may have changed for another reason than that time
   * has passed: a call came back, a limit was moved.
   */
  long version();

  /** Time has passed; called some times a second. */
  default void tick(Instant now) {}

  /** Another worker, or this one, has told of the limits that they share. */
  default void heard(LimitReport report, Instant appendedAt, Instant now) {}

  /** Another worker, or this one, has told of what is spent. */
  default void heard(SpendReport report, Instant appendedAt, Instant now) {}

  /** No further calls are made. */
  default void drain(Instant now) {}

  /** The answer. */
  sealed interface Verdict {
    /** Make the call. */
    record Call(Permit permit) implements Verdict {}

    /**
     * Not now.
     *
     * @param until when to ask again, if {@link Admission#version} does not change before; {@link
     *     Instant#MAX} when it is for nothing else
     * @param why for people
     * @param since since when none of those who could serve the job is called; null where they are
     *     called and this is one call too many
     */
    record Wait(Instant until, String why, @Nullable Instant since) implements Verdict {}

    /** No call is made; the attempt counts as one that failed. */
    record Refuse(Failure failure) implements Verdict {}

    /** No call is made, and no attempt counts: nobody who could serve the job may be paid. */
    record Spent(Failure failure) implements Verdict {}
  }

  /** That one call may be made. Used on the core's thread only. */
  interface Permit {
    Target target();

    /** Why earlier targets of the job's route were not called, or null where there are none. */
    @Nullable String insteadOf();

    /** The first of these reasons in a word, or null: a failure's code, or what a gate says. */
    @Nullable String reason();

    /**
     * The call came back, or nobody waits for it any more.
     *
     * @param result what it is taken for: where the job did not want it any more, a {@link
     *     Failure.CallCancelled}; where it took too long, a {@link Failure.TimedOut}
     */
    void ended(ProviderResult result, Duration latency, Instant now);

    /** The call was not made. */
    void unused(Instant now);
  }
}
