package dev.penstock.streams.query;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Cuts reads and writes of sockets that take too long, where the library that does them knows no
 * timeout: it interrupts the virtual thread, which closes the socket it is blocked on (see {@link
 * java.net.Socket}). Thread-safe.
 */
public final class StallGuard implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final Set<Section> sections = ConcurrentHashMap.newKeySet();
  private final Thread watcher;

  public StallGuard() {
    watcher = Thread.ofPlatform().name("penstock-stall-guard").daemon().start(this::watch);
  }

  /** What may fail with {@code E}. */
  @FunctionalInterface
  public interface Blocking<T, E extends Exception> {
    T run() throws E;
  }

  /** Runs {@code blocking} on this thread and interrupts it when it takes longer than the limit. */
  public <T, E extends Exception> T within(Duration limit, Blocking<T, E> blocking) throws E {
    var section = new Section(Thread.currentThread(), System.nanoTime() + limit.toNanos());
    sections.add(section);
    try {
      return blocking.run();
    } finally {
      section.leave();
      sections.remove(section);
    }
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(PERIOD);
        long now = System.nanoTime();
        for (Section section : sections) {
          if (now - section.untilNanos >= 0) {
            section.cut();
          }
        }
      }
    } catch (InterruptedException _) {
      // Closed.
    }
  }

  @Override
  public void close() {
    watcher.interrupt();
  }

  /** Compared by identity. */
  private static final class Section {
    private final Thread thread;
    private final long untilNanos;
    private boolean left;

    Section(Thread thread, long untilNanos) {
      this.thread = thread;
      this.untilNanos = untilNanos;
    }

    /** From now on the thread is not interrupted for this section. */
    synchronized void leave() {
      left = true;
    }

    synchronized void cut() {
      if (!left) {
        left = true;
        thread.interrupt();
      }
    }
  }
}
