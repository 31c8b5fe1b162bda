package dev.penstock.worker;

import dev.penstock.worker.core.CoreEvent;
import dev.penstock.worker.core.CoreInbox;
import dev.penstock.worker.core.WorkerCore;
import dev.penstock.worker.thread.Threads;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that the core runs on. Takes all events that are there, then lets the core act on
 * them together.
 */
final class CoreThread implements CoreInbox, Runnable {
  private static final Duration TICK = Duration.ofMillis(100);
  private static final int MAX_EVENTS_A_TURN = 10_000;

  /**
   * After a turn that had something to do, the next one waits this long, so that under load a turn
   * takes many events together. Small beside a commit, which takes milliseconds.
   */
  private static final long PACE_NANOS = 100_000;

  /** A turn that took this many events is followed by the next at once. */
  private static final int BUSY_EVENTS = 500;

  private final InstantSource clock;
  private final ConcurrentLinkedQueue<CoreEvent> events = new ConcurrentLinkedQueue<>();
  private final AtomicInteger backlog = new AtomicInteger();
  private final Consumer<Throwable> onFailure;
  private final Threads threads;
  private final Threads.Signal told;
  private volatile boolean stopped;
  private volatile Instant turnedAt;
  private @Nullable WorkerCore core;

  /**
   * @param onFailure called when the core throws, which is a bug; the thread ends
   */
  CoreThread(InstantSource clock, Threads threads, Consumer<Throwable> onFailure) {
    this.clock = clock;
    this.threads = threads;
    this.told = threads.signal();
    this.onFailure = onFailure;
    this.turnedAt = clock.instant();
  }

  /** Gives it its core; before {@link #run}. */
  void use(WorkerCore core) {
    this.core = core;
  }

  @Override
  public void tell(CoreEvent event) {
    if (event instanceof CoreEvent.Polled polled) {
      backlog.addAndGet(polled.records().size());
    }
    events.add(event);
    told.give();
  }

  @Override
  public int backlog() {
    return backlog.get();
  }

  /** When the loop last turned: it turns ten times a second when it is well. */
  Instant turnedAt() {
    return turnedAt;
  }

  void stop() {
    stopped = true;
  }

  @Override
  public void run() {
    WorkerCore running = java.util.Objects.requireNonNull(core);
    Instant tickAt = clock.instant();
    try {
      while (!stopped) {
        Instant now = clock.instant();
        turnedAt = now;
        int taken = 0;
        for (CoreEvent event = take(taken); event != null; event = take(taken)) {
          taken++;
          if (event instanceof CoreEvent.Polled polled) {
            backlog.addAndGet(-polled.records().size());
          }
          running.handle(event, now);
        }
        if (!now.isBefore(tickAt)) {
          running.handle(new CoreEvent.Tick(), now);
          tickAt = now.plus(TICK);
        }
        running.endTurn(now);
        if (taken == 0) {
          sleepUntil(running.nextWakeUp(), tickAt);
        } else if (taken < BUSY_EVENTS) {
          threads.pause(PACE_NANOS);
        }
      }
    } catch (RuntimeException | Error e) {
      onFailure.accept(e);
    }
  }

  private @Nullable CoreEvent take(int taken) {
    return taken < MAX_EVENTS_A_TURN ? events.poll() : null;
  }

  private void sleepUntil(Instant wakeUp, Instant tickAt) {
    Instant until = wakeUp.isBefore(tickAt) ? wakeUp : tickAt;
    long nanos = Duration.between(clock.instant(), until).toNanos();
    if (nanos > 0) {
      told.await(() -> !events.isEmpty(), nanos);
    }
  }
}
