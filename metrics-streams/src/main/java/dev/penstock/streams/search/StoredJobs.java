package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.JobLife;
import java.util.Optional;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * The stores of a task. Stores of Kafka Streams are made to be read by other threads while their
 * task writes; they refuse once they are closed.
 */
record StoredJobs(
    ReadOnlyKeyValueStore<JobId, JobLife> lives, ReadOnlyKeyValueStore<JobId, byte[]> results)
    implements JobStates {
  @Override
  public Optional<JobLife> life(JobId id) {
    return Optional.ofNullable(lives.get(id));
  }

  @Override
  public Optional<byte[]> result(JobId id) {
    return Optional.ofNullable(results.get(id));
  }

  @Override
  public void forEach(Visitor each) {
    try (KeyValueIterator<JobId, JobLife> all = lives.all()) {
      while (all.hasNext()) {
        KeyValue<JobId, JobLife> next = all.next();
        if (!each.visit(next.key, next.value)) {
          return;
        }
      }
    }
  }
}
