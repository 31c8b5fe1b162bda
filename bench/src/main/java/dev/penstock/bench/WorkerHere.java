package dev.penstock.bench;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.JobEvent;
import dev.penstock.job.Outcome;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.Topics;
import dev.penstock.worker.WorkerService;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * The worker in this JVM, so that it is as warm as what it is compared with. Closing it stops it.
 */
final class WorkerHere implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);

  private final Lab lab;
  private final String group;
  private final WorkerService worker;

  private WorkerHere(Lab lab, String group, WorkerService worker) {
    this.lab = lab;
    this.group = group;
    this.worker = worker;
  }

  /**
   * Starts a worker of an installation; it has only the provider {@code simulated}.
   *
   * @param slots its calls at once
   * @param provider the settings of that provider, without their prefix
   */
  static WorkerHere start(
      Lab lab, KafkaConfig kafka, int partitions, int slots, Map<String, String> provider) {
    return start(lab, kafka, partitions, Map.of("worker.slots", String.valueOf(slots)), provider);
  }

  /** As above, with any settings of the worker. */
  static WorkerHere start(
      Lab lab,
      KafkaConfig kafka,
      int partitions,
      Map<String, String> workerSettings,
      Map<String, String> provider) {
    Topics topics = kafka.topics();
    Map<String, String> settings = lab.installationSettings(topics.prefix(), partitions);
    settings.put("worker.id", "bench");
    settings.put("worker.port", "0");
    settings.putAll(workerSettings);
    settings.put("worker.providers", "simulated");
    provider.forEach((key, value) -> settings.put("worker.provider.simulated." + key, value));
    var worker = WorkerService.of(Settings.of(settings));
    try {
      worker.start();
    } catch (RuntimeException e) {
      worker.close();
      throw e;
    }
    return new WorkerHere(lab, topics.workerGroup(), worker);
  }

  /** A provider that answers at once. */
  static Map<String, String> withoutLatency() {
    return Map.of("latency-mean", "0s", "latency-sigma", "0");
  }

  /** Where it serves its metrics. */
  int port() {
    return worker.port();
  }

  /**
   * Waits until all before {@code ends} is committed. Asks seldom, and only the broker, so that the
   * waiting costs the worker nothing.
   *
   * @return whether it was in time
   */
  boolean awaitCommitted(Map<TopicPartition, Long> ends, Duration timeout)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      var committed =
          Lab.await(
              lab.admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata(),
              "read the worker's offsets");
      boolean done =
          ends.entrySet().stream()
              .allMatch(end -> {
                OffsetAndMetadata offset = committed.get(end.getKey());
                return offset != null && offset.offset() >= end.getValue();
              });
      if (done) {
        return true;
      }
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(POLL);
    }
  }

  /** As {@link #awaitCommitted}, where being late is an error. */
  void finish(Map<TopicPartition, Long> ends, Duration timeout) throws InterruptedException {
    if (!awaitCommitted(ends, timeout)) {
      throw new IllegalStateException(
          "the worker has not finished its round within " + timeout + "; it is " + worker.health());
    }
  }

  /** Whether a record of the events topic tells that a job has succeeded. */
  static boolean isOutcome(byte[] value) {
    return JsonCodec.EVENTS.decode(value) instanceof Decoded.Value<JobEvent>(JobEvent event)
        && event instanceof JobEvent.Finished(_, _, _, var outcome, _)
        && outcome instanceof Outcome.Succeeded;
  }

  @Override
  public void close() {
    worker.close();
  }
}
