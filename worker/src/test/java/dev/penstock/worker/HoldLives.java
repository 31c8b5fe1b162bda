package dev.penstock.worker;

import dev.penstock.worker.hold.HoldMetrics;
import dev.penstock.worker.hold.RequestBook;
import dev.penstock.worker.thread.SystemThreads;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.InstantSource;
import java.util.Random;

/** What moves held jobs on, alone. */
final class HoldLives {
  private HoldLives() {}

  static Lives of(WorkerConfig config) {
    return of(config, new RealKafkaClients(config.kafka(), config.id()));
  }

  static Lives of(WorkerConfig config, KafkaClients clients) {
    var machine =
        new Machine(
            new SystemThreads(),
            InstantSource.system(),
            new Random(1),
            1,
            reason -> {
              throw new AssertionError("halted: " + reason);
            });
    var topics = config.kafka().topics();
    return new Lives(
        "worker-hold",
        machine,
        breakdown ->
            new HoldEngine(
                config,
                machine,
                clients,
                clients.topicIds(topics.holdTopics()),
                new RequestBook(),
                new HoldMetrics(new SimpleMeterRegistry(), topics),
                breakdown),
        _ -> {});
  }
}
