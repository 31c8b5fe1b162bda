package dev.penstock.chaos.simulated.strand;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs strands one at a time, in an order that follows from a seed, by a clock that jumps from
 * event to event. A strand runs until it waits; whoever waits hands the turn to the next one. What
 * was abandoned (strands of killed processes, and all of them at the end) is never given a turn
 * again and is garbage; the JVM must be told not to track virtual threads for that ({@code
 * -Djdk.trackAllThreads=false}).
 *
 * <p>All methods but {@link #run} are called by strands, or by actions that they run.
 */
public final class Scheduler {
  /** A run that takes more events than this goes round in circles. */
  private static final long MAX_EVENTS = 20_000_000;

  /** Who looks at the clock this often without ever waiting goes round in circles. */
  private static final int MAX_LOOKS = 100_000;

  private static final long INTERRUPT_NANOS = 10_000;

  private static final Comparator<Event> ORDER =
      Comparator.comparingLong(Event::at)
          .thenComparingLong(Event::tie)
          .thenComparingLong(Event::number);

  private final SplittableRandom random;
  private final PriorityQueue<Event> events = new PriorityQueue<>(ORDER);
  private final CountDownLatch over = new CountDownLatch(1);
  private @Nullable Strand current;
  private @Nullable Throwable failure;
  private long now;
  private long numbers;
  private int strands;
  private int processes;
  private long handled;
  private int looks;
  private long trace;
  private boolean ending;

  /**
   * @param seed of everything that is left to chance here
   */
  public Scheduler(long seed) {
    this.random = new SplittableRandom(seed);
    this.trace = seed;
  }

  /** Something that happens at a time: a strand goes on, or an action is done. */
  record Event(
      long at,
      long tie,
      long number,
      @Nullable SimProcess process,
      @Nullable Strand strand,
      long during,
      @Nullable Runnable action) {}

  /**
   * Runs {@code body} as the first strand until it ends, with all that it starts.
   *
   * @throws IllegalStateException when a strand or an action failed, or nothing was left to do
   */
  public void run(Runnable body) {
    Strand first =
        strand(
            process("world"),
            "world",
            () -> {
              body.run();
              ending = true;
            });
    start(first);
    next(null);
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a simulation ran", e);
    }
    events.clear();
    if (failure != null) {
      throw new IllegalStateException("the simulation failed at " + Duration.ofNanos(now), failure);
    }
  }

  /** As {@link #now}, for those whose loops might not end. */
  public long look() {
    if (++looks > MAX_LOOKS) {
      throw new IllegalStateException(me().name() + " goes round in circles");
    }
    return now;
  }

  /** Nanoseconds since the beginning. */
  public long now() {
    return now;
  }

  /** How many events were handled: what a run cost. */
  public long handled() {
    return handled;
  }

  /** A number that is the same for the same run, and hardly ever for another one. */
  public long trace() {
    return trace;
  }

  /** Adds something observable to the trace. */
  public void note(long what) {
    trace = (trace ^ what) * 0x9E3779B97F4A7C15L;
    trace ^= trace >>> 29;
  }

  /** The source of chance for whoever belongs to the simulation. */
  public SplittableRandom random() {
    return random;
  }

  /** A number from 0 to {@code bound} - 1. */
  public long below(long bound) {
    return bound <= 1 ? 0 : random.nextLong(bound);
  }

  // Processes

  public SimProcess process(String name) {
    return new SimProcess(name, processes++);
  }

  /** As {@code kill -9}: nothing of it goes on, not even a {@code finally}. */
  public void kill(SimProcess process) {
    process.killed();
    note(process.name().hashCode());
  }

  /** As SIGSTOP: nothing of it goes on, but time does. */
  public void stop(SimProcess process) {
    process.stopped();
  }

  /** As SIGCONT: what was due meanwhile happens now. */
  public void goOn(SimProcess process) {
    for (Event event : process.continued()) {
      add(now, event.process(), event.strand(), event.during(), event.action());
    }
  }

  /** Ends the process of the strand that calls; does not return. */
  public void halt() {
    Strand me = me();
    kill(me.process());
    next(null);
    me.takeTurn();
    me.awaitTurn(me);
    throw new IllegalStateException("a strand of a killed process went on");
  }

  // Strands

  /** The strand that has the turn. */
  public Strand me() {
    if (current == null) {
      throw new IllegalStateException("an action is not to wait");
    }
    return current;
  }

  /** A strand that is not started yet. */
  public Strand strand(SimProcess process, String name, Runnable body) {
    var box = new Strand[1];
    var strand = new Strand(strands++, name, process, () -> runStrand(box, body));
    box[0] = strand;
    return strand;
  }

  private void runStrand(Strand[] box, Runnable body) {
    Strand me = box[0];
    me.takeTurn();
    try {
      body.run();
    } catch (RuntimeException | Error e) {
      if (failure == null) {
        failure = new IllegalStateException("the strand " + me.name() + " failed", e);
      }
      ending = true;
    }
    me.end().forEach(this::wake);
    next(null);
  }

  public void start(Strand strand) {
    wakeAt(now + switchNanos(), strand);
  }

  /**
   * Interrupts a strand. Several are interrupted in the same order whoever comes first: the worker
   * keeps its calls in a map whose order is not the same in each run.
   */
  public void interrupt(Strand strand) {
    strand.interrupted(true);
    events.add(
        new Event(
            now + INTERRUPT_NANOS,
            strand.number(),
            numbers,
            strand.process(),
            strand,
            strand.waits(),
            null));
  }

  /** Whether the strand that calls was interrupted; clears it. */
  public boolean interrupted() {
    Strand me = me();
    boolean was = me.isInterrupted();
    me.interrupted(false);
    return was;
  }

  public boolean isInterrupted() {
    return me().isInterrupted();
  }

  /** Waits until the strand has ended; false when it has not in time. */
  public boolean join(Strand strand, Duration timeout) {
    long deadline = now + timeout.toNanos();
    strand.joinedBy(me());
    while (!strand.hasEnded() && now < deadline) {
      park(deadline);
    }
    return strand.hasEnded();
  }

  /** Waits for {@link #wake}, or until {@code deadline}; may also end earlier. */
  public void park(long deadline) {
    Strand me = me();
    me.nextWait();
    add(Math.max(deadline, now), me.process(), me, me.waits(), null);
    next(me);
  }

  /** Lets a strand go on that waits. */
  public void wake(Strand strand) {
    wakeAt(now + switchNanos(), strand);
  }

  private void wakeAt(long at, Strand strand) {
    add(at, strand.process(), strand, strand.waits(), null);
  }

  /** Waits so long, whatever happens meanwhile. */
  public void sleep(long nanos) {
    long until = now + nanos;
    while (now < until) {
      park(until);
    }
  }

  /** Waits until {@code condition} holds, asked every {@code period}; false when the time is up. */
  public boolean poll(BooleanSupplier condition, Duration period, Duration timeout) {
    long deadline = now + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (now >= deadline) {
        return false;
      }
      sleep(period.toNanos());
    }
    return true;
  }

  /** Does {@code action}, which must not wait, after so long. */
  public void after(long nanos, Runnable action) {
    add(now + nanos, null, null, 0, action);
  }

  /** Does {@code action}, which must not wait, after so long of a process that is alive then. */
  public void after(long nanos, SimProcess process, Runnable action) {
    add(now + nanos, process, null, 0, action);
  }

  /**
   * How long a strand takes to go on: microseconds, and now and then as long as a pause of the JVM.
   */
  private long switchNanos() {
    long chance = below(1_000);
    if (chance < 3) {
      return below(20_000_000);
    }
    return chance < 30 ? below(500_000) : below(20_000);
  }

  private void add(
      long at,
      @Nullable SimProcess process,
      @Nullable Strand strand,
      long during,
      @Nullable Runnable action) {
    events.add(new Event(at, random.nextLong(), numbers++, process, strand, during, action));
  }

  /** Hands the turn on. Returns when {@code me} has it again; at once when there is no me. */
  private void next(@Nullable Strand me) {
    Strand following = following();
    if (following == null) {
      over.countDown();
    } else if (following == me) {
      return;
    } else {
      following.resume();
    }
    if (me != null) {
      me.awaitTurn(me);
      me.takeTurn();
    }
  }

  /** Does what is due up to the next strand that goes on; null at the end. */
  private @Nullable Strand following() {
    current = null;
    while (!ending) {
      Event event = events.poll();
      if (event == null || handled++ > MAX_EVENTS) {
        failure = new IllegalStateException(event == null ? "nothing is left to do" : "endless");
        return null;
      }
      now = Math.max(now, event.at());
      SimProcess process = event.process();
      if (process != null && process.isKilled()) {
        continue;
      }
      if (process != null && process.isStopped()) {
        process.hold(event);
        continue;
      }
      if (event.action() != null) {
        try {
          event.action().run();
        } catch (RuntimeException | Error e) {
          failure = e;
          return null;
        }
        continue;
      }
      Strand strand = java.util.Objects.requireNonNull(event.strand());
      if (strand.hasEnded() || strand.waits() != event.during()) {
        continue;
      }
      strand.nextWait();
      looks = 0;
      note(now * 31 + strand.number());
      current = strand;
      return strand;
    }
    return null;
  }
}
