package dev.penstock.worker;

import dev.penstock.worker.hold.HoldMetrics;
import dev.penstock.worker.hold.RequestBook;
import dev.penstock.worker.hold.Requests;
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
    return of(config, clients, new RequestBook());
  }

  /** With what people ask of held jobs. */
  static Lives of(WorkerConfig config, KafkaClients clients, Requests requests) {
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
                requests,
                new HoldMetrics(new SimpleMeterRegistry(), topics),
                breakdown),
        _ -> {});
  }

  /** The same, but for how much can be told of what left a hold before others. */
  static WorkerConfig withMetadata(WorkerConfig config, int chars) {
    return new WorkerConfig(
        config.id(),
        config.limits(),
        config.retry(),
        config.timing(),
        config.vigilance(),
        config.kafka(),
        config.http(),
        config.providers(),
        config.admission(),
        config.providerLimits(),
        config.budgets(),
        config.cache(),
        config.reporting(),
        config.telemetry(),
        new WorkerConfig.Holding(chars));
  }
}
