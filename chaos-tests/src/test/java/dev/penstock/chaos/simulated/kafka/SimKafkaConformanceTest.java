package dev.penstock.chaos.simulated.kafka;

import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;

/** The simulated Kafka does what the worker relies on, whatever the order of its requests. */
final class SimKafkaConformanceTest extends KafkaConformance {
  private static final int SEEDS = 30;

  @Override
  void on(Body body) {
    for (int seed = 0; seed < SEEDS; seed++) {
      var scheduler = new Scheduler(seed);
      var timing =
          new SimKafka.Timing(Duration.ofSeconds(6), Duration.ofSeconds(1), Duration.ofSeconds(1));
      var kafka = new SimKafka(scheduler, new Calm(scheduler), timing, Instant.EPOCH);
      SimProcess process = scheduler.process("test");
      scheduler.run(() -> body.run(new Simulated(scheduler, kafka, process)));
    }
  }

  /** A network on which all arrives within two milliseconds. */
  private record Calm(Scheduler scheduler) implements Network {
    @Override
    public Way way(String client, Api api) {
      return new Way(scheduler.below(1_000_000), scheduler.below(1_000_000), true, true);
    }

    @Override
    public long markerNanos() {
      return scheduler.below(5_000_000);
    }

    @Override
    public boolean delivers(String client, String topic) {
      return true;
    }
  }

  private record Simulated(Scheduler scheduler, SimKafka kafka, SimProcess process)
      implements Cluster {
    @Override
    public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
      return kafka.producer(process, settings);
    }

    @Override
    public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
      return kafka.consumer(process, settings);
    }

    @Override
    public void createTopic(String topic, int partitions, String group) {
      kafka.createTopic(topic, partitions);
      for (int i = 0; i < partitions; i++) {
        kafka.commit(group, new TopicPartition(topic, i), new OffsetAndMetadata(0));
      }
    }

    @Override
    public void deleteOffset(String group, TopicPartition partition) {
      kafka.expire(group, partition);
    }

    @Override
    public long nanoTime() {
      return scheduler.now();
    }

    @Override
    public void sleep(Duration duration) {
      scheduler.sleep(duration.toNanos());
    }
  }
}
