package dev.penstock.streams.figures;

import dev.penstock.job.JobId;
import dev.penstock.streams.topology.LayeredStore;
import dev.penstock.streams.view.Change;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Adds the figures to the topology of jobs: a child of the fold with one store. Each task keeps its
 * partition's part; nothing is repartitioned, and who asks adds the parts up.
 */
public final class FigureTopology {
  /** The store of figures. */
  public static final String FIGURES = "figures";

  private FigureTopology() {}

  /**
   * Adds them.
   *
   * @param parent the processor that tells each {@link Change}
   * @param lives the store of lives
   * @param board told which figures are here
   */
  public static void addTo(Topology topology, String parent, String lives, FigureBoard board) {
    topology.addProcessor(
        FIGURES,
        new ProcessorSupplier<JobId, Change, Void, Void>() {
          @Override
          public Processor<JobId, Change, Void, Void> get() {
            return new FigureProcessor(board, lives);
          }

          @Override
          public Set<StoreBuilder<?>> stores() {
            return Set.of(store(board));
          }
        },
        parent);
    topology.connectProcessorAndStateStores(FIGURES, lives);
  }

  /** RocksDB, its changelog, and what changed since the last commit above both. */
  private static StoreBuilder<FigureStore> store(FigureBoard board) {
    return new LayeredStore<>(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(FIGURES), Serdes.Bytes(), Serdes.ByteArray())
            .withCachingDisabled()
            .withLoggingEnabled(Map.of("segment.bytes", String.valueOf(64 << 20))),
        inner -> new FigureStore(inner, board.retentions(), board.late()));
  }
}
