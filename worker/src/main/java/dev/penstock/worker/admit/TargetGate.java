package dev.penstock.worker.admit;

import dev.penstock.job.JobRecord;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One reason why a target may not be called now: its breaker, a limit. A target is called when all
 * of its gates are open. Called on the core's thread only; no clock and no thread of its own.
 */
public interface TargetGate {
  /** Whether this call of the target could be made now. Changes nothing that can be seen. */
  Opening look(Target target, JobRecord record, Instant now);

  /** The call is made: this gate and all others of the target were open just now. */
  Pass take(Target target, JobRecord record, Instant now);

  /**
   * A number that is another one when {@link #look} may have another answer for another reason than
   * that time has passed.
   */
  long version();

  /** Time has passed; called some times a second. */
  default void tick(Instant now) {}

  /** Another worker, or this one, has told of the limits that they share. */
  default void heard(LimitReport report, Instant appendedAt, Instant now) {}

  /** Another worker, or this one, has told of what is spent. */
  default void heard(SpendReport report, Instant appendedAt, Instant now) {}

  /**
   * What tells jobs of one model apart that wait for different things at this gate; empty where
   * nothing does. Of few different values.
   */
  default String group(JobRecord record) {
    return "";
  }

  /** No further calls are made. */
  default void drain(Instant now) {}

  /** Whether a target may be called. */
  sealed interface Opening {
    /** Now. */
    Opening OPEN = new Open();

    record Open() implements Opening {}

    /**
     * Not now.
     *
     * @param until when it is worth asking again, later than now; {@link Instant#MAX} when only a
     *     change of {@link TargetGate#version} can help
     * @param why for people, few words of few kinds, for example {@code breaker open}
     * @param since since when nobody calls the target, or null where it is called and this would be
     *     one call too many
     */
    record Closed(Instant until, String why, @Nullable Instant since) implements Opening {
      /** A limit that is reached, while calls go on. */
      public Closed(Instant until, String why) {
        this(until, why, null);
      }
    }

    /**
     * Not at all: what may be spent is spent.
     *
     * @param message for people: of what, how much, until when, and what to do
     */
    record Spent(String message) implements Opening {}
  }

  /** What a gate remembers of a call until it has ended. Given back once. */
  interface Pass {
    /** See {@link Admission.Permit#ended}. */
    void ended(ProviderResult result, Duration latency, Instant now);

    /** The call was not made. */
    void unused(Instant now);
  }
}
