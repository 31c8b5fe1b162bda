package dev.penstock.standalone;

import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;

/** A service whose start is timed under its name. */
record Timed(Service service, StartupTimes times) implements Service {
  @Override
  public String name() {
    return service.name();
  }

  @Override
  public void start() {
    times.time(service.name(), service::start);
  }

  @Override
  public Health health() {
    return service.health();
  }

  @Override
  public void close() {
    service.close();
  }
}
