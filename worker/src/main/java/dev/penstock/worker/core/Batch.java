package dev.penstock.worker.core;

import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.worker.judge.Settlement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What one transaction writes: all of it becomes visible together with the offsets, or none.
 *
 * @param settled jobs that came to something
 * @param started calls that were begun and go on
 * @param poison records that can't be read, for the dead letters
 * @param settledCancels cancel requests that are no longer needed
 * @param offsets watermark and window of each partition that changed; all partitions of the other
 *     parts are among them
 */
public record Batch(
    List<Settled> settled,
    List<Started> started,
    List<SourceRecord> poison,
    Set<JobId> settledCancels,
    Map<TopicPartition, OffsetAndMetadata> offsets) {

  /** A claim and what it came to. */
  public record Settled(Claim claim, Settlement settlement) {}

  /** A claim whose call goes on, and the event that tells it. */
  public record Started(Claim claim, JobEvent.AttemptStarted event) {
    @Nullable String traceparent() {
      return claim.traceparent();
    }
  }

  /** How many records of the jobs' fate it holds. */
  public int size() {
    return settled.size() + started.size() + poison.size();
  }
}
