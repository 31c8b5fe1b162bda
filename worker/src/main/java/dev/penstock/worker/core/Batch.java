package dev.penstock.worker.core;

import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Outcome;
import dev.penstock.worker.judge.Settlement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * What one transaction writes: all of it becomes visible together with the offsets, or none.
 *
 * @param settled jobs that came to something
 * @param started calls that were begun and go on
 * @param poison records that can't be read, for the dead letters
 * @param settledCancels cancel requests that are no longer needed
 * @param settledHurries requests to run a job now that are no longer needed
 * @param offsets watermark and window of each partition that changed; all partitions of the other
 *     parts are among them
 */
public record Batch(
    List<Settled> settled,
    List<Started> started,
    List<SourceRecord> poison,
    Set<JobId> settledCancels,
    Set<JobId> settledHurries,
    Map<TopicPartition, OffsetAndMetadata> offsets) {
  private static final long LABEL_BYTES = 100;
  private static final long NUMBER_BYTES = 12;

  /** One that settles no request to run a job now. */
  public Batch(
      List<Settled> settled,
      List<Started> started,
      List<SourceRecord> poison,
      Set<JobId> settledCancels,
      Map<TopicPartition, OffsetAndMetadata> offsets) {
    this(settled, started, poison, settledCancels, Set.of(), offsets);
  }

  /** A claim and what it came to. */
  public record Settled(Claim claim, Settlement settlement) {}

  /** A claim whose call goes on, and the event that tells it. */
  public record Started(Claim claim, JobEvent.AttemptStarted event) {}

  /** About how many bytes what a provider made takes as a record. */
  static long outputBytes(Settlement settlement) {
    if (!(settlement instanceof Settlement.Finish finish)
        || !(finish.outcome() instanceof Outcome.Succeeded succeeded)) {
      return 0;
    }
    return switch (succeeded.output()) {
      case JobOutput.Summary summary ->
          summary.sentences().stream().mapToLong(String::length).sum();
      case JobOutput.Classification classification -> LABEL_BYTES * classification.labels().size();
      case JobOutput.Embedding embedding -> NUMBER_BYTES * embedding.dimensions();
      case JobOutput.DetectedLanguages languages -> LABEL_BYTES * languages.languages().size();
      case JobOutput.Text text -> text.text().length();
      case JobOutput.Extracted extracted -> extracted.value().text().length();
    };
  }

  /** How many records of the jobs' fate it holds. */
  public int size() {
    return settled.size() + started.size() + poison.size();
  }
}
