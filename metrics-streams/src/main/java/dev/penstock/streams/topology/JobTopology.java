package dev.penstock.streams.topology;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.Change;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Five topics, one processor, two stores.
 *
 * <pre>
 *   jobs ────┐   (a topic for each priority)
 *   events ──┼──▶ fold ──▶ lives (what is known of each job)
 *   control ─┘        └──▶ results (what each finished job came to)
 * </pre>
 *
 * All topics are keyed by job id and have the same number of partitions, so one task has everything
 * of a job, and nothing is repartitioned.
 */
public final class JobTopology {
  /** The store of {@link JobLife} by {@link JobId}. */
  public static final String LIVES = "lives";

  /** The store of results, as the JSON that is answered, by {@link JobId}. */
  public static final String RESULTS = "results";

  /** The processor that forwards {@link dev.penstock.streams.view.Change}s to its children. */
  public static final String FOLD = "fold";

  private JobTopology() {}

  /**
   * The topology.
   *
   * @param topics what is read
   * @param finishedRetention how long after their end finished jobs are kept
   * @param progress told how far each partition is
   * @param hub told of every job that changed
   * @param meters counts what is read
   */
  public static Topology build(
      Topics topics,
      Duration finishedRetention,
      ViewProgress progress,
      ChangeHub hub,
      RecordMeters meters) {
    var topology = new Topology();
    for (Input input : Input.values()) {
      topology.addSource(
          AutoOffsetReset.earliest(),
          input.topic(topics),
          new ByteArrayDeserializer(),
          new ByteArrayDeserializer(),
          input.topic(topics));
    }
    String[] sources =
        java.util.Arrays.stream(Input.values())
            .map(input -> input.topic(topics))
            .toArray(String[]::new);
    topology.addProcessor(
        FOLD,
        new ProcessorSupplier<byte[], byte[], JobId, Change>() {
          @Override
          public Processor<byte[], byte[], JobId, Change> get() {
            return new FoldProcessor(
                topics, new Retention(finishedRetention), progress, hub, meters);
          }

          @Override
          public Set<StoreBuilder<?>> stores() {
            return Set.of(lives(), results());
          }
        },
        sources);
    return topology;
  }

  /** The clients that the topology needs: they tell {@code progress} where they stand. */
  public static KafkaClientSupplier clients(Topics topics, ViewProgress progress) {
    return new ProgressTrackingClients(topics, progress);
  }

  // No cache of Kafka Streams in front of the stores: it holds bytes, and what it saves for lives
  // is making them.
  private static StoreBuilder<LifeStore> lives() {
    return new LayeredStore<>(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(LIVES), new JobIdSerde(), new JobLifeSerde())
            .withCachingDisabled()
            .withLoggingEnabled(changelog()),
        LifeStore::new);
  }

  private static StoreBuilder<KeyValueStore<JobId, byte[]>> results() {
    return Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(RESULTS), new JobIdSerde(), Serdes.ByteArray())
        .withCachingDisabled()
        .withLoggingEnabled(changelog());
  }

  /** Small segments, so that compaction keeps up and a restore reads little that is obsolete. */
  private static Map<String, String> changelog() {
    return Map.of(
        "max.message.bytes", String.valueOf(Topics.MAX_RECORD_BYTES),
        "segment.bytes", String.valueOf(64 << 20));
  }
}
