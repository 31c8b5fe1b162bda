package dev.penstock.streams.query;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Asks the broker where partitions end, once for all who ask at the same time: for each partition
 * one look-up is under way at most, and those who ask meanwhile share the next one. (They can't
 * share the one under way: it may have been answered before they asked, and what they wrote in
 * between would be beyond it.) Thread-safe.
 */
final class EndOffsets {
  private static final int LOOKUP_TIMEOUT_MS = 3_000;

  private final Function<TopicPartition, CompletionStage<Long>> lookup;
  private final Map<TopicPartition, Lookups> partitions = new ConcurrentHashMap<>();

  /** The end of a partition could not be read in time. */
  static final class Unknown extends Exception {
    private static final long serialVersionUID = 1L;

    Unknown(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  EndOffsets(Function<TopicPartition, CompletionStage<Long>> lookup) {
    this.lookup = lookup;
  }

  /**
   * Ends as a broker tells them.
   *
   * @param isolation READ_UNCOMMITTED for the high watermark, below which lies every record that
   *     was acknowledged; READ_COMMITTED for the last stable offset, beyond which no reader of ours
   *     can have been
   */
  static EndOffsets of(Admin admin, IsolationLevel isolation) {
    return new EndOffsets(partition ->
        admin
            .listOffsets(
                Map.of(partition, OffsetSpec.latest()),
                new ListOffsetsOptions(isolation).timeoutMs(LOOKUP_TIMEOUT_MS))
            .partitionResult(partition)
            .toCompletionStage()
            .thenApply(ListOffsetsResult.ListOffsetsResultInfo::offset));
  }

  /** The offset after the last record of {@code partition} at some moment after this call began. */
  long end(TopicPartition partition, Duration timeout) throws Unknown, InterruptedException {
    return await(partition, ask(partition), timeout);
  }

  /** Asks for the end of {@code partition}, for {@link #await}. */
  CompletableFuture<Long> ask(TopicPartition partition) {
    return partitions.computeIfAbsent(partition, Lookups::new).ask();
  }

  /** What {@link #ask} comes to: an end at some moment after it was called. */
  static long await(TopicPartition partition, CompletableFuture<Long> asked, Duration timeout)
      throws Unknown, InterruptedException {
    try {
      return asked.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw new Unknown("the end of " + partition + " can't be read: " + e.getCause(), e);
    } catch (TimeoutException e) {
      throw new Unknown("Kafka did not tell the end of " + partition + " in time", e);
    }
  }

  private final class Lookups {
    private final TopicPartition partition;
    private boolean underWay;
    private @Nullable CompletableFuture<Long> next;

    Lookups(TopicPartition partition) {
      this.partition = partition;
    }

    synchronized CompletableFuture<Long> ask() {
      if (next == null) {
        next = new CompletableFuture<>();
      }
      CompletableFuture<Long> mine = next;
      if (!underWay) {
        send();
      }
      // A copy: who gives up waiting must not cancel the others' look-up.
      return mine.copy();
    }

    private synchronized void send() {
      CompletableFuture<Long> sent = next;
      next = null;
      underWay = sent != null;
      if (sent == null) {
        return;
      }
      CompletionStage<Long> answer;
      try {
        answer = lookup.apply(partition);
      } catch (RuntimeException e) {
        answer = CompletableFuture.failedFuture(e);
      }
      answer.whenComplete((end, failure) -> {
        send();
        if (failure != null) {
          sent.completeExceptionally(failure);
        } else {
          sent.complete(end);
        }
      });
    }
  }
}
