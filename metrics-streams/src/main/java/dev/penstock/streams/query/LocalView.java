package dev.penstock.streams.query;

import dev.penstock.job.JobId;
import dev.penstock.streams.topology.JobTopology;
import dev.penstock.streams.view.JobLife;
import java.util.Optional;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyQueryMetadata;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.query.KeyQuery;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.query.StateQueryRequest;
import org.apache.kafka.streams.state.HostInfo;

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
    return read(JobTopology.LIVES, KeyQuery.withKey(id), partition);
  }

  /** The result as JSON. */
  Optional<byte[]> result(JobId id, int partition) throws Unavailable {
    return read(JobTopology.RESULTS, KeyQuery.withKey(id), partition);
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

  private <V> Optional<V> read(String store, KeyQuery<JobId, V> query, int partition)
      throws Unavailable {
    try {
      QueryResult<V> result =
          streams
              .query(
                  StateQueryRequest.inStore(store)
                      .withQuery(query)
                      .withPartitions(java.util.Set.of(partition)))
              .getPartitionResults()
              .get(partition);
      if (result == null) {
        throw new Unavailable("partition " + partition + " is not here");
      }
      if (result.isFailure()) {
        throw new Unavailable(result.getFailureMessage());
      }
      return Optional.ofNullable(result.getResult());
    } catch (StreamsException | IllegalStateException e) {
      throw new Unavailable("partition " + partition + " can't be read", e);
    }
  }
}
