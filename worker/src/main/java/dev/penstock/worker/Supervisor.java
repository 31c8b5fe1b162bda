package dev.penstock.worker;

import dev.penstock.lifecycle.Health;
import dev.penstock.worker.hold.RequestBook;
import dev.penstock.worker.provider.Providers;

/**
 * Keeps a worker alive: what runs jobs ({@link Engine}), and apart from it what moves held jobs on
 * ({@link HoldEngine}), so that calls go on when the latter breaks down. Thread-safe.
 */
public final class Supervisor implements AutoCloseable {
  private final Lives engines;
  private final Lives holds;

  public Supervisor(
      WorkerConfig config,
      Providers providers,
      Machine machine,
      KafkaClients kafka,
      EngineMetrics metrics) {
    var requests = new RequestBook();
    var topics = config.kafka().topics();
    this.engines =
        new Lives(
            "worker",
            machine,
            breakdown ->
                new Engine(
                    config,
                    providers,
                    machine,
                    kafka,
                    kafka.topicIds(topics.claimed()),
                    requests,
                    metrics,
                    breakdown),
            metrics::brokeDown);
    this.holds =
        new Lives(
            "worker-hold",
            machine,
            breakdown ->
                new HoldEngine(
                    config,
                    machine,
                    kafka,
                    kafka.topicIds(topics.holdTopics()),
                    requests,
                    metrics.holds(),
                    breakdown),
            metrics::brokeDown);
  }

  /** Begins to run. */
  public void start() {
    engines.start();
    holds.start();
  }

  /**
   * Whether it is to do nothing: what runs ends within the drain's grace, what is finished is
   * committed, and its partitions go to others. It begins again when it is to work. Never blocks.
   *
   * @param why for people, where it is to do nothing
   */
  public void rest(boolean rest, String why) {
    if (rest) {
      engines.rest(why);
      holds.rest(why);
    } else {
      engines.goOn();
      holds.goOn();
    }
  }

  /** Whether it does nothing, because it is to. */
  public boolean isResting() {
    return engines.isResting() && holds.isResting();
  }

  /** What it does at the moment. */
  Engine.Doing doing() {
    return engines.life() instanceof Engine engine ? engine.doing() : Engine.Doing.NOTHING;
  }

  /** Ready while it claims and moves; dead when a loop stands still or a person is needed. */
  public Health health() {
    Health engine = engines.health();
    Health hold = holds.health();
    return engine instanceof Health.Dead || hold instanceof Health.Ready ? engine : hold;
  }

  /** Stops claiming, finishes what runs within the drain's grace, commits, leaves. */
  @Override
  public void close() {
    engines.close();
    holds.close();
  }
}
