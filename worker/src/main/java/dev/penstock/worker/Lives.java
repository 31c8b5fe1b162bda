package dev.penstock.worker;

import dev.penstock.lifecycle.Health;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.thread.Threads;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one {@link Life} after the other: when one breaks down for a reason that can pass, the next
 * begins from what is committed, after a pause that grows; for a reason that only a person can
 * mend, there is no further one. Thread-safe.
 */
final class Lives implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Lives.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** How long the core may stand still before the process is to be restarted. */
  private static final Duration STALL = Duration.ofSeconds(60);

  /** An engine that ran this long was well; the pauses begin anew. */
  private static final Duration WELL_AFTER = Duration.ofMinutes(1);

  /** How often it looks by itself whether something has changed. */
  private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

  /** Longer than a drain and a close can take together. */
  private static final Duration CLOSE_BOUND = Duration.ofDays(1);

  private final String name;
  private final Machine machine;
  private final Function<Breakdown, Life> beginning;
  private final Consumer<String> brokeDown;
  private final Threads.Task thread;
  private final Threads.Signal changed;
  private final Object lock = new Object();
  private @Nullable Life life;
  private boolean started;
  private boolean broken;
  private boolean closing;

  /** Why there is to be no life at the moment; null while there is to be one. */
  private @Nullable String resting;

  /** The life that runs is being ended. */
  private boolean ending;

  private Health health = new Health.NotReady("starting");

  /**
   * @param name for people: what it is that lives
   * @param beginning begins a life, which tells that it breaks down; throws when it can't begin now
   * @param brokeDown is told the name each time a life breaks down
   */
  Lives(
      String name,
      Machine machine,
      Function<Breakdown, Life> beginning,
      Consumer<String> brokeDown) {
    this.name = name;
    this.machine = machine;
    this.beginning = beginning;
    this.brokeDown = brokeDown;
    this.changed = machine.threads().signal();
    this.thread = machine.threads().platform(name + "-supervisor", this::live);
  }

  /** Begins the first life. */
  void start() {
    synchronized (lock) {
      if (started || closing) {
        return;
      }
      started = true;
    }
    thread.start();
  }

  /** Dead when its loop stands still or a person is needed. */
  Health health() {
    Health now;
    Life running;
    synchronized (lock) {
      now = health;
      running = life;
    }
    if (!(now instanceof Health.Ready) || running == null) {
      return now;
    }
    Duration still = Duration.between(running.turnedAt(), machine.clock().instant());
    if (still.compareTo(STALL) > 0) {
      return new Health.Dead(
          "the loop of the " + name + " has stood still for " + still.toSeconds() + " s");
    }
    return switch (running.health()) {
      case Health.Ready ready -> ready;
      case Health.NotReady(String reason) -> new Health.NotReady(name + ": " + reason);
      case Health.Dead(String reason) -> new Health.Dead(name + ": " + reason);
    };
  }

  /**
   * Ends the life that runs, in good order, and begins none until {@link #goOn}. Never blocks.
   *
   * @param why for people
   */
  void rest(String why) {
    synchronized (lock) {
      resting = why;
      if (!closing && !(health instanceof Health.Dead)) {
        health = new Health.NotReady(why);
      }
    }
    changed.give();
  }

  /** Begins a life again where it was to rest. Never blocks. */
  void goOn() {
    synchronized (lock) {
      resting = null;
      if (life != null && !ending && !(health instanceof Health.Dead)) {
        health = Health.READY;
      }
    }
    changed.give();
  }

  /** Whether nothing runs because it was to rest. */
  boolean isResting() {
    synchronized (lock) {
      return resting != null && life == null;
    }
  }

  /** What runs at the moment; null for nothing. */
  @Nullable Life life() {
    synchronized (lock) {
      return life;
    }
  }

  private boolean mayLive() {
    synchronized (lock) {
      return resting == null || closing;
    }
  }

  private void sayResting() {
    synchronized (lock) {
      if (resting != null && !closing) {
        health = new Health.NotReady(resting);
      }
    }
  }

  private void live() {
    Duration pause = FIRST_PAUSE;
    while (true) {
      while (!mayLive()) {
        sayResting();
        changed.await(this::mayLive, LOOK_NANOS);
      }
      if (isClosing()) {
        return;
      }
      Instant began = machine.clock().instant();
      liveOnce();
      synchronized (lock) {
        if (closing || health instanceof Health.Dead) {
          return;
        }
        if (resting != null) {
          continue;
        }
      }
      boolean wasWell =
          Duration.between(began, machine.clock().instant()).compareTo(WELL_AFTER) > 0;
      pause = wasWell ? FIRST_PAUSE : longer(pause);
      if (!sleep(pause)) {
        return;
      }
    }
  }

  private void liveOnce() {
    Life running;
    try {
      running = begin();
    } catch (RuntimeException e) {
      log.warn("the {} can't begin yet: {}", name, e.getMessage());
      synchronized (lock) {
        health = new Health.NotReady("the " + name + " can't begin: " + e.getMessage());
      }
      return;
    }
    while (!isOver()) {
      changed.await(this::isOver, LOOK_NANOS);
    }
    boolean goodOrder;
    synchronized (lock) {
      goodOrder = !broken;
      if (!goodOrder) {
        life = null;
      }
    }
    if (goodOrder) {
      running.close();
      synchronized (lock) {
        life = null;
      }
    } else {
      running.abandon();
    }
  }

  private Life begin() {
    synchronized (lock) {
      broken = false;
      ending = false;
    }
    Life begun = beginning.apply(new Reaction());
    synchronized (lock) {
      life = begun;
      if (!broken && !closing && resting == null) {
        health = Health.READY;
      }
    }
    return begun;
  }

  private boolean isOver() {
    synchronized (lock) {
      // Once it is, it stays so: to be let go on a moment later is to begin again.
      ending |= broken || closing || resting != null;
      return ending;
    }
  }

  private boolean isClosing() {
    synchronized (lock) {
      return closing;
    }
  }

  private final class Reaction implements Breakdown {
    @Override
    public void restart(String reason, Throwable cause) {
      synchronized (lock) {
        if (closing || broken || ending) {
          return;
        }
        log.warn("the {} begins anew from what is committed: {}", name, reason, cause);
        health = new Health.NotReady("the " + name + " begins anew: " + reason);
        broken = true;
      }
      brokeDown.accept(name);
      changed.give();
    }

    @Override
    public void die(String reason) {
      synchronized (lock) {
        log.error("the {} stops: {}", name, reason);
        health = new Health.Dead(reason);
        broken = true;
      }
      brokeDown.accept(name);
      changed.give();
    }

    @Override
    public void halt(String reason) {
      log.error("the process halts at once: {}", reason);
      machine.halt().accept(reason);
    }
  }

  private static Duration longer(Duration pause) {
    Duration doubled = pause.multipliedBy(2);
    return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }

  /** Whether the sleep was slept out. */
  private boolean sleep(Duration pause) {
    long until = machine.threads().nanoTime() + pause.toNanos();
    for (long left = pause.toNanos();
        left > 0 && !isClosing();
        left = until - machine.threads().nanoTime()) {
      changed.await(this::isClosing, left);
    }
    return !isClosing();
  }

  /** Ends the life that runs in good order; blocks until it has ended. */
  @Override
  public void close() {
    boolean wait;
    synchronized (lock) {
      closing = true;
      if (!(health instanceof Health.Dead)) {
        health = new Health.NotReady("stopping");
      }
      wait = started;
    }
    changed.give();
    if (wait) {
      try {
        if (!thread.join(CLOSE_BOUND)) {
          log.warn("the {} did not stop within {}", name, CLOSE_BOUND);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
