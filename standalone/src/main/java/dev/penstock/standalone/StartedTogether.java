package dev.penstock.standalone;

import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.ServiceGroup;
import dev.penstock.lifecycle.StartException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Services that do not need each other to start: all are started at once, and stopped one after the
 * other in reverse. When one does not start, all are stopped.
 */
final class StartedTogether implements Service {
  private final String name;
  private final Supplier<List<Service>> prepared;
  private volatile List<Service> services = List.of();
  private boolean used;
  private boolean closed;

  /**
   * @param prepared gives the services when they are to be started; what it throws is thrown by
   *     {@link #start}
   */
  StartedTogether(String name, Supplier<List<Service>> prepared) {
    this.name = name;
    this.prepared = prepared;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public synchronized void start() {
    if (used) {
      return;
    }
    used = true;
    services = List.copyOf(prepared.get());
    RuntimeException failure = startAll();
    if (failure != null) {
      try {
        close();
      } catch (RuntimeException suppressed) {
        failure.addSuppressed(suppressed);
      }
      throw failure;
    }
  }

  private @Nullable RuntimeException startAll() {
    RuntimeException failure = null;
    try (ExecutorService starters =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("start-", 0).factory())) {
      var starting = new ArrayList<Future<?>>();
      services.forEach(service -> starting.add(starters.submit(service::start)));
      for (Future<?> start : starting) {
        try {
          start.get();
        } catch (ExecutionException e) {
          failure = add(failure, e.getCause());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          failure = add(failure, new StartException("interrupted while starting", e));
        }
      }
    }
    return failure;
  }

  private static RuntimeException add(@Nullable RuntimeException first, @Nullable Throwable next) {
    RuntimeException failure =
        next instanceof RuntimeException e ? e : new IllegalStateException("can't start", next);
    if (first == null) {
      return failure;
    }
    first.addSuppressed(failure);
    return first;
  }

  /** As of a {@link ServiceGroup}. */
  @Override
  public Health health() {
    return services.isEmpty()
        ? new Health.NotReady("not started")
        : new ServiceGroup(name, services).health();
  }

  @Override
  public synchronized void close() {
    used = true;
    if (closed) {
      return;
    }
    closed = true;
    RuntimeException failure = null;
    for (Service service : services.reversed()) {
      try {
        service.close();
      } catch (RuntimeException e) {
        failure = add(failure, e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
