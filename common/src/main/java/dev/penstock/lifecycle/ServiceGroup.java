package dev.penstock.lifecycle;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Services that run together: started in order, stopped in reverse. When one does not start, those
 * before it are stopped again. When stopping one fails, the others are stopped all the same and the
 * failures are thrown together.
 */
public final class ServiceGroup implements Service {
  private final String name;
  private final List<Service> services;
  private final Deque<Service> running = new ArrayDeque<>();
  private boolean used;

  public ServiceGroup(String name, List<? extends Service> services) {
    this.name = name;
    this.services = List.copyOf(services);
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
    try {
      for (Service service : services) {
        running.push(service);
        service.start();
      }
    } catch (RuntimeException e) {
      try {
        close();
      } catch (RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** Dead when one is dead, else not ready when one is not. */
  @Override
  public Health health() {
    Health worst = Health.READY;
    for (Service service : services) {
      switch (service.health()) {
        case Health.Ready(String note) -> {
          if (worst instanceof Health.Ready && !note.isEmpty()) {
            worst = new Health.Ready(service.name() + ": " + note);
          }
        }
        case Health.NotReady(String reason) ->
            worst = new Health.NotReady(service.name() + ": " + reason);
        case Health.Dead(String reason) -> {
          return new Health.Dead(service.name() + ": " + reason);
        }
      }
    }
    return worst;
  }

  @Override
  public synchronized void close() {
    used = true;
    RuntimeException failure = null;
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
