package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import dev.penstock.streams.topology.JobTopology;
import dev.penstock.streams.view.Change;
import dev.penstock.streams.view.JobLife;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Tells the index of a partition what the fold changed. Never waits. */
final class IndexFeed implements Processor<JobId, Change, Void, Void> {
  private final JobIndexes indexes;
  private @Nullable PartitionIndexer indexer;
  private @Nullable Pending pending;

  IndexFeed(JobIndexes indexes) {
    this.indexes = indexes;
  }

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    KeyValueStore<JobId, JobLife> lives = context.getStateStore(JobTopology.LIVES);
    KeyValueStore<JobId, byte[]> results = context.getStateStore(JobTopology.RESULTS);
    pending = indexes.newPending();
    indexer = indexes.begin(context.taskId().partition(), new StoredJobs(lives, results), pending);
  }

  @Override
  public void process(Record<JobId, Change> record) {
    Pending to = pending;
    if (to == null) {
      throw new IllegalStateException("a change before init");
    }
    to.add(record.value());
  }

  @Override
  public void close() {
    if (indexer != null) {
      indexes.end(indexer);
      indexer = null;
    }
    pending = null;
  }
}
