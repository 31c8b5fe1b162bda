package dev.penstock.standalone;

import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.runtime.kafka.TopicProvisioner;

/** Makes the topics before the services start, so that these only look and do not race. */
record TopicsStep(TopicProvisioner provisioner) implements Service {
  @Override
  public String name() {
    return "topics";
  }

  @Override
  public void start() {
    provisioner.ensure();
  }

  @Override
  public Health health() {
    return Health.READY;
  }

  /** The topics stay. */
  @Override
  public void close() {}
}
