package dev.penstock.chaos.simulated.strand;

import dev.penstock.worker.thread.Threads;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The threads of one simulated process. */
public final class SimThreads implements Threads {
  private final Scheduler scheduler;
  private final SimProcess process;

  public SimThreads(Scheduler scheduler, SimProcess process) {
    this.scheduler = scheduler;
    this.process = process;
  }

  @Override
  public Task platform(String name, Runnable body) {
    return new StrandTask(scheduler, scheduler.strand(process, process.name() + "/" + name, body));
  }

  @Override
  public Task virtual(Runnable body) {
    return platform("call", body);
  }

  @Override
  public Signal signal() {
    return new StrandSignal(scheduler);
  }

  @Override
  public <T> T await(Future<T> future, Duration timeout)
      throws InterruptedException, ExecutionException, TimeoutException {
    long deadline = scheduler.now() + timeout.toNanos();
    if (!(future instanceof CompletableFuture<T> completable)) {
      throw new IllegalArgumentException("only a CompletableFuture tells that it is done");
    }
    Strand me = scheduler.me();
    var _ = completable.whenComplete((_, _) -> scheduler.wake(me));
    while (!future.isDone()) {
      if (scheduler.interrupted()) {
        throw new InterruptedException("interrupted while waiting for a future");
      }
      if (scheduler.now() >= deadline) {
        throw new TimeoutException("not done within " + timeout);
      }
      scheduler.park(deadline);
    }
    return future.get();
  }

  @Override
  public void pause(long nanos) {
    scheduler.park(scheduler.now() + nanos);
  }

  @Override
  public long nanoTime() {
    return scheduler.now();
  }

  private record StrandTask(Scheduler scheduler, Strand strand) implements Task {
    @Override
    public void start() {
      scheduler.start(strand);
    }

    @Override
    public void interrupt() {
      scheduler.interrupt(strand);
    }

    @Override
    public boolean join(Duration timeout) {
      return scheduler.join(strand, timeout);
    }

    @Override
    public String name() {
      return strand.name();
    }

    @Override
    public String where() {
      return strand.name();
    }
  }

  private static final class StrandSignal implements Signal {
    private final Scheduler scheduler;
    private @Nullable Strand waiting;

    StrandSignal(Scheduler scheduler) {
      this.scheduler = scheduler;
    }

    @Override
    public void give() {
      if (waiting != null) {
        scheduler.wake(waiting);
      }
    }

    @Override
    public void await(BooleanSupplier ready, long nanos) {
      if (!ready.getAsBoolean()) {
        waiting = scheduler.me();
        scheduler.park(scheduler.now() + nanos);
        waiting = null;
      }
    }
  }
}
