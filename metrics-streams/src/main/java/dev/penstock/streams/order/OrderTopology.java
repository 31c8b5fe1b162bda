package dev.penstock.streams.order;

import dev.penstock.job.Priority;
import dev.penstock.topic.Topics;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * One topic, one processor, one store.
 *
 * <pre>
 *   ordered ──▶ sequence ──▶ jobs
 *                  │    └──▶ dead-letters, events (what can't be read)
 *                line
 * </pre>
 *
 * A missing offset is a loss and never a beginning: offsets are seeded when the topic is made.
 */
public final class OrderTopology {
  /** The store of the {@link Line}s. */
  public static final String LINE = "line";

  private static final String SOURCE = "ordered";
  private static final String SEQUENCE = "sequence";

  private OrderTopology() {}

  /**
   * The topology.
   *
   * @param topics what is read and written
   * @param meters counts what is read
   */
  public static Topology build(Topics topics, OrderMeters meters) {
    var topology = new Topology();
    topology.addSource(
        AutoOffsetReset.none(),
        SOURCE,
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer(),
        topics.ordered());
    topology.addProcessor(
        SEQUENCE,
        new ProcessorSupplier<byte[], byte[], byte[], byte[]>() {
          @Override
          public Processor<byte[], byte[], byte[], byte[]> get() {
            return new OrderProcessor(meters);
          }

          @Override
          public Set<StoreBuilder<?>> stores() {
            return Set.of(line());
          }
        },
        SOURCE);
    for (Priority priority : Priority.all()) {
      sink(topology, OrderProcessor.jobs(priority), topics.jobs(priority));
    }
    sink(topology, OrderProcessor.DEAD_LETTERS, topics.deadLetters());
    sink(topology, OrderProcessor.EVENTS, topics.events());
    return topology;
  }

  private static void sink(Topology topology, String name, String topic) {
    topology.addSink(name, topic, new ByteArraySerializer(), new ByteArraySerializer(), SEQUENCE);
  }

  /** The topic behind the store: what waits is nowhere else. */
  public static String changelog(Topics topics) {
    return topics.orderApplication() + "-" + LINE + "-changelog";
  }

  private static StoreBuilder<KeyValueStore<Bytes, byte[]>> line() {
    return Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(LINE), Serdes.Bytes(), Serdes.ByteArray())
        .withCachingDisabled()
        .withLoggingEnabled(
            Map.of(
                "max.message.bytes", String.valueOf(Topics.MAX_RECORD_BYTES),
                "segment.bytes", String.valueOf(64 << 20)));
  }
}
