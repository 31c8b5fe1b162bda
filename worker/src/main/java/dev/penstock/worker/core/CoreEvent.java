package dev.penstock.worker.core;

import dev.penstock.job.JobId;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.worker.answer.AnswerCache;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.window.Custody;
import dev.penstock.worker.window.PartitionWindow;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/** What the core is told. */
public sealed interface CoreEvent {
  /**
   * This worker owns the partition from now on; {@code window} and {@code custody} are what its
   * former owner left.
   */
  record Assigned(TopicPartition partition, Uuid topicId, PartitionWindow window, Custody custody)
      implements CoreEvent {}

  /**
   * The partitions go to someone else. Commit what is finished, drop the rest, then complete {@code
   * released}; the consumer waits for that before it lets go.
   */
  record Revoked(Set<TopicPartition> partitions, CompletableFuture<Void> released)
      implements CoreEvent {}

  /** The partitions have gone to someone else. Drop all of them, then complete {@code released}. */
  record Lost(Set<TopicPartition> partitions, CompletableFuture<Void> released)
      implements CoreEvent {}

  /**
   * Records of one partition in the order of their offsets; all below {@code position} that is not
   * here does not exist.
   */
  record Polled(TopicPartition partition, List<SourceRecord> records, long position)
      implements CoreEvent {}

  /**
   * A provider call came back.
   *
   * @param made whether the provider was reached; false when an interceptor answered for it
   */
  record CallEnded(Claim claim, ProviderResult result, Judge.Call call, boolean made)
      implements CoreEvent {
    /** A call that reached its provider. */
    public CallEnded(Claim claim, ProviderResult result, Judge.Call call) {
      this(claim, result, call, true);
    }
  }

  /** Someone asked for the end of a job. */
  record CancelRequested(JobId jobId, int generation) implements CoreEvent {}

  /** That request is settled or too old. */
  record CancelForgotten(JobId jobId) implements CoreEvent {}

  /** Someone asked for a waiting job to be run now. */
  record RetryNowRequested(RetryNowRequest request) implements CoreEvent {}

  /** That request is settled or too old. */
  record RetryNowForgotten(JobId jobId) implements CoreEvent {}

  /**
   * A worker has told of the limits that it shares with others.
   *
   * @param appendedAt the time that the broker gave the report
   */
  record LimitReported(LimitReport report, Instant appendedAt) implements CoreEvent {}

  /**
   * A worker has told of what is spent.
   *
   * @param appendedAt the time that the broker gave the report
   */
  record SpendReported(SpendReport report, Instant appendedAt) implements CoreEvent {}

  /**
   * Records of the cache's topic, in the order of the log.
   *
   * @param fromStart whether the reading begins anew with them
   * @param caughtUp whether all was read that stood there when it began
   * @param taken is told that the core has taken them
   */
  record CacheRead(
      List<AnswerCache.Logged> records, boolean fromStart, boolean caughtUp, Runnable taken)
      implements CoreEvent {}

  /** The batch is written. */
  record Committed(Batch batch) implements CoreEvent {}

  /** The batch was aborted: nothing of it is visible. */
  record Refused(Batch batch) implements CoreEvent {}

  /** Claim nothing more, let running calls end until {@code deadline}, commit. */
  record Drain(Instant deadline) implements CoreEvent {}

  /** Time has passed. */
  record Tick() implements CoreEvent {}
}
