package dev.penstock.streams.query;

import dev.penstock.job.JobId;
import dev.penstock.streams.topology.JobTopology;
import dev.penstock.streams.view.JobLife;
import java.util.Optional;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyQueryMetadata;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.state.HostInfo;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** The stores of this instance, and who has the others. Thread-safe. */
final class LocalView {
  private final KafkaStreams streams;

  /** The store can't be read now: it is being restored, moved or closed. */
  static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1L;

    Unavailable(String message) {
      super(message);
    }

    Unavailable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  LocalView(KafkaStreams streams) {
    this.streams = streams;
  }

  Optional<JobLife> life(JobId id, int partition) throws Unavailable {
    return read(JobTopology.LIVES, id, partition);
  }

  /** The result as JSON. */
  Optional<byte[]> result(JobId id, int partition) throws Unavailable {
    return read(JobTopology.RESULTS, id, partition);
  }

  /** The instance that has the job's partition, as of the last rebalance. */
  Optional<HostInfo> owner(JobId id) throws Unavailable {
    try {
      KeyQueryMetadata metadata =
          streams.queryMetadataForKey(JobTopology.LIVES, id.toString(), new StringSerializer());
      return metadata == null || metadata.equals(KeyQueryMetadata.NOT_AVAILABLE)
          ? Optional.empty()
          : Optional.of(metadata.activeHost()).filter(host -> !host.equals(HostInfo.unavailable()));
    } catch (StreamsException | IllegalStateException e) {
      throw new Unavailable("it is not known which instance has the job", e);
    }
  }

  /**
   * Reads with the first version of interactive queries. The second one ({@code
   * KafkaStreams.query}) takes the lock of a store's position and then that of the store, while a
   * put takes them the other way round: in 4.3.1 a query and a put can block each other for ever.
   *
   * <p>Stale stores are allowed, so that a partition is answered for while others move; that it is
   * neither restoring nor a standby is known from its {@code PartitionProgress}.
   */
  private <V> Optional<V> read(String store, JobId id, int partition) throws Unavailable {
    try {
      ReadOnlyKeyValueStore<JobId, V> partitionStore =
          streams.store(
              StoreQueryParameters.fromNameAndType(
                      store, QueryableStoreTypes.<JobId, V>keyValueStore())
                  .withPartition(partition)
                  .enableStaleStores());
      return Optional.ofNullable(partitionStore.get(id));
    } catch (StreamsException | IllegalStateException e) {
      throw new Unavailable("partition " + partition + " can't be read", e);
    }
  }
}
