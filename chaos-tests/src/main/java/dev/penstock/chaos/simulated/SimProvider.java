package dev.penstock.chaos.simulated;

import dev.penstock.chaos.law.Call;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.job.Failure;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The provider, as one worker's process reaches it. Remembers every call. */
final class SimProvider implements Provider {
  static final String NAME = "sim";

  /** Another one, of the same kind. */
  static final String OTHER = "sim2";

  /** What the text of a job begins with that kills the process that runs it. */
  static final String KILLER = "kill";

  private static final long MILLI = 1_000_000;

  private final String name;
  private final Scheduler scheduler;
  private final Scenario scenario;
  private final Calls calls;
  private final boolean hearsInterrupts;
  private final Runnable killing;

  /**
   * @param hearsInterrupts false when whoever calls loses them, by a planted bug
   * @param killing ends the process; does not return
   */
  SimProvider(
      String name,
      Scheduler scheduler,
      Scenario scenario,
      Calls calls,
      boolean hearsInterrupts,
      Runnable killing) {
    this.name = name;
    this.scheduler = scheduler;
    this.scenario = scenario;
    this.calls = calls;
    this.hearsInterrupts = hearsInterrupts;
    this.killing = killing;
  }

  /** Where calls are noted. */
  interface Calls {
    /** A call begins; returns what notes its end. */
    Ending begun(ProviderCall call);
  }

  /** Notes the end of a call. */
  interface Ending {
    void ended(Call.End end);

    /** From now on the call hears no interrupt. */
    void deaf();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<JobKind> kinds() {
    return EnumSet.allOf(JobKind.class);
  }

  @Override
  public ProviderResult call(ProviderCall call) throws InterruptedException {
    Ending ending = calls.begun(call);
    boolean slow = Math.floorMod(call.jobId().hashCode(), 100) < scenario.slowJobs();
    try {
      if (scheduler.below(3) > 0 || slow) {
        long nanos =
            slow ? 500 * MILLI + scheduler.below(3_000 * MILLI) : scheduler.below(150 * MILLI);
        if (hearsInterrupts) {
          sleep(nanos);
        } else {
          scheduler.sleep(nanos);
        }
      }
      if (call.input().text().startsWith(KILLER)) {
        ending.ended(Call.End.KILLED);
        killing.run();
      }
      if (scenario.targets().isIll(name, scheduler.now())) {
        ending.ended(Call.End.RETURNED);
        return failed(new Failure.Overloaded("ill", Duration.ZERO));
      }
      ProviderResult result =
          scheduler.below(100) < scenario.badCalls()
              ? wrong(ending)
              : new ProviderResult.Answered(
                  new JobOutput.DetectedLanguages(
                      List.of(new JobOutput.ScoredLabel("und", scheduler.below(100) / 100.0))));
      ending.ended(Call.End.RETURNED);
      return result;
    } catch (InterruptedException e) {
      ending.ended(Call.End.INTERRUPTED);
      throw e;
    } catch (IllegalStateException e) {
      ending.ended(Call.End.RETURNED);
      throw e;
    }
  }

  private ProviderResult wrong(Ending ending) throws InterruptedException {
    return switch ((int) scheduler.below(scenario.targets().routed() > 0 ? 14 : 12)) {
      case 0, 1 ->
          failed(new Failure.Throttled("too many", Duration.ofMillis(scheduler.below(2_000))));
      case 2 -> failed(new Failure.InvalidRequest("not like this"));
      case 3 -> throw new IllegalStateException("a plugin's bug");
      case 4, 5 -> {
        // It hangs until it is interrupted.
        sleep(Duration.ofHours(1).toNanos());
        yield failed(new Failure.Retryable("woke up"));
      }
      case 6 -> {
        // It does not care about interrupts.
        ending.deaf();
        scheduler.sleep(scheduler.below(9_000 * MILLI));
        yield failed(new Failure.Retryable("at last"));
      }
      case 12 -> failed(new Failure.ContextTooLong("more than it takes"));
      case 13 -> failed(new Failure.Authentication("not with this key"));
      default -> failed(new Failure.Retryable("5xx"));
    };
  }

  private static ProviderResult failed(Failure failure) {
    return new ProviderResult.Failed(failure);
  }

  private void sleep(long nanos) throws InterruptedException {
    long until = scheduler.now() + nanos;
    while (scheduler.now() < until) {
      if (scheduler.interrupted()) {
        throw new InterruptedException("interrupted");
      }
      scheduler.park(until);
    }
  }
}
