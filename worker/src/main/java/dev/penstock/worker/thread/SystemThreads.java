package dev.penstock.worker.thread;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The threads of the JVM. */
public final class SystemThreads implements Threads {
  @Override
  public Task platform(String name, Runnable body) {
    return new ThreadTask(Thread.ofPlatform().daemon().name(name).unstarted(body));
  }

  @Override
  public Task virtual(Runnable body) {
    return new ThreadTask(Thread.ofVirtual().unstarted(body));
  }

  @Override
  public Signal signal() {
    return new ParkSignal();
  }

  @Override
  public <T> T await(Future<T> future, Duration timeout)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void pause(long nanos) {
    LockSupport.parkNanos(nanos);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  private record ThreadTask(Thread thread) implements Task {
    private static final int FRAMES = 6;

    @Override
    public void start() {
      thread.start();
    }

    @Override
    public void interrupt() {
      thread.interrupt();
    }

    @Override
    public boolean join(Duration timeout) throws InterruptedException {
      return thread.join(timeout);
    }

    @Override
    public String name() {
      return thread.getName();
    }

    @Override
    public String where() {
      return Arrays.stream(thread.getStackTrace())
          .limit(FRAMES)
          .map(StackTraceElement::toString)
          .collect(Collectors.joining(" < "));
    }
  }

  private static final class ParkSignal implements Signal {
    private volatile @Nullable Thread waiting;

    @Override
    public void give() {
      Thread thread = waiting;
      if (thread != null) {
        LockSupport.unpark(thread);
      }
    }

    @Override
    public void await(BooleanSupplier ready, long nanos) {
      waiting = Thread.currentThread();
      if (!ready.getAsBoolean()) {
        LockSupport.parkNanos(nanos);
      }
      waiting = null;
    }
  }
}
