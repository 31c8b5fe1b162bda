package dev.penstock.worker.run;

import dev.penstock.job.Failure;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.runtime.logging.LogContext;
import dev.penstock.runtime.telemetry.Span;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.partial.PartialAnswers;
import dev.penstock.worker.thread.Threads;
import dev.penstock.worker.trace.JobTraces;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes each call on a virtual thread of its own and tells the core what came of it. */
public final class JobRunner {
  private static final Logger log = LoggerFactory.getLogger(JobRunner.class);

  /** Known by itself: what a provider says of an interrupt is another one. */
  private static final ProviderResult INTERRUPTED =
      new ProviderResult.Failed(new Failure.Retryable("the call was interrupted"));

  private final String worker;
  private final InstantSource clock;
  private final CoreInbox inbox;
  private final Breakdown breakdown;
  private final Threads threads;
  private final Interceptors interceptors;
  private final PartialAnswers partial;
  private final JobTraces traces;
  private final Map<Claim, Running> calls = new ConcurrentHashMap<>();

  private record Running(Threads.Task task, PartialAnswers.Telling telling) {}

  public JobRunner(
      String worker,
      InstantSource clock,
      CoreInbox inbox,
      Breakdown breakdown,
      Threads threads,
      Interceptors interceptors,
      PartialAnswers partial,
      JobTraces traces) {
    this.worker = worker;
    this.clock = clock;
    this.inbox = inbox;
    this.breakdown = breakdown;
    this.threads = threads;
    this.interceptors = interceptors;
    this.partial = partial;
    this.traces = traces;
  }

  /** Begins the call; {@link CoreEvent.CallEnded} follows in every case. */
  public void start(Claim claim, Provider provider, ProviderCall call) {
    boolean wanted = claim.record().job().progress();
    PartialAnswers.Telling telling = partial.telling(call, wanted);
    ProviderCall told = wanted ? call.telling(telling) : call;
    Threads.Task task = threads.virtual(() -> run(claim, provider, told, telling));
    calls.put(claim, new Running(task, telling));
    task.start();
  }

  /** Interrupts the claim's call, if it still runs; nothing more of its answer is told. */
  public void interrupt(Claim claim) {
    Running running = calls.get(claim);
    if (running != null) {
      interrupt(running);
    }
  }

  private static void interrupt(Running running) {
    running.telling().end();
    running.task().interrupt();
  }

  /** What the claim's call does at the moment, for people; empty when it has ended. */
  public String where(Claim claim) {
    Running running = calls.get(claim);
    return running == null ? "" : running.task().where();
  }

  /** Those whose calls run at the moment, in no order. Any thread may ask. */
  public List<Claim> running() {
    return List.copyOf(calls.keySet());
  }

  /** Interrupts every call: nobody waits for them any more. */
  public void interruptAll() {
    calls.values().forEach(JobRunner::interrupt);
  }

  private void run(
      Claim claim, Provider provider, ProviderCall call, PartialAnswers.Telling telling) {
    var startedAt = clock.instant();
    claim.begun(startedAt);
    Span attempt = traces.isOn() ? traces.attempt(claim, call, startedAt) : Span.NONE;
    long begin = threads.nanoTime();
    Interceptors.Result ended =
        LogContext.ofCall(
            call.jobId(),
            call.attempt(),
            () -> JobTraces.traceparent(claim, attempt),
            () -> around(provider, call, attempt));
    telling.end();
    var latency = Duration.ofNanos(threads.nanoTime() - begin);
    calls.remove(claim);
    inbox.tell(
        new CoreEvent.CallEnded(
            claim,
            ended.result(),
            new Judge.Call(provider.name(), worker, startedAt, latency),
            ended.made()));
  }

  private Interceptors.Result around(Provider provider, ProviderCall call, Span attempt) {
    try {
      return interceptors.around(
          call,
          changed -> traces.isOn() ? traced(provider, changed, attempt) : call(provider, changed));
    } catch (InterruptedException _) {
      return new Interceptors.Result(INTERRUPTED, true);
    }
  }

  private ProviderResult traced(Provider provider, ProviderCall call, Span attempt) {
    Span made = traces.call(attempt, provider, call);
    ProviderResult result = call(provider, traces.told(call, attempt, made));
    traces.answered(made, result, result.equals(INTERRUPTED));
    return result;
  }

  /**
   * A plugin may throw anything; only what makes the JVM itself doubtful goes further than its job.
   */
  @SuppressWarnings("CatchAndPrintStackTrace")
  private ProviderResult call(Provider provider, ProviderCall call) {
    try {
      ProviderResult result = provider.call(call);
      return result == null
          ? bug(provider, new NullPointerException("the provider returned null"))
          : result;
    } catch (InterruptedException _) {
      return INTERRUPTED;
    } catch (StackOverflowError | LinkageError | AssertionError e) {
      return bug(provider, e);
    } catch (Error e) {
      breakdown.halt("the JVM is not sound any more: " + e);
      return bug(provider, e);
    } catch (Exception e) {
      return bug(provider, e);
    }
  }

  private static ProviderResult bug(Provider provider, Throwable e) {
    log.warn(
        "the provider {} threw instead of returning a failure; that is a bug of it",
        provider.name(),
        e);
    return new ProviderResult.Failed(
        new Failure.Unknown(
            "the provider threw " + e.getClass().getName() + ": " + e.getMessage()));
  }
}
