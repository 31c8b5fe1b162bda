package dev.penstock.worker.claim;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Under which leader epoch each offset was passed. An offset that is committed with its epoch and
 * sought with it again tells the consumer whether the log is still the one that was read: if it was
 * truncated below the offset, polling throws, even if it has grown beyond it since.
 *
 * <p>An epoch is good for every offset up to the position that a poll reached under it, so what is
 * kept is one position for each epoch: few, for epochs change when leaders do.
 *
 * <p>Thread-safe: the consumer's thread tells what it passed, the producer's thread asks.
 */
public final class LeaderEpochs {
  private record Stretch(long to, int epoch) {}

  private final Map<TopicPartition, Deque<Stretch>> passed = new ConcurrentHashMap<>();

  /** The partition begins, or begins again, at what its former owner committed. */
  public void begin(TopicPartition partition, OffsetAndMetadata committed) {
    passed.put(partition, new ArrayDeque<>());
    pass(partition, committed);
  }

  /** The consumer went on to {@code position}, and knows under which epoch if that has one. */
  public void pass(TopicPartition partition, OffsetAndMetadata position) {
    Optional<Integer> epoch = position.leaderEpoch();
    if (epoch.isEmpty()) {
      return;
    }
    passed.computeIfPresent(
        partition,
        (_, stretches) -> {
          Stretch last = stretches.peekLast();
          if (last != null && last.epoch() == epoch.get()) {
            stretches.removeLast();
          }
          stretches.addLast(new Stretch(position.offset(), epoch.get()));
          return stretches;
        });
  }

  /** The partitions have gone to someone else. */
  public void forget(Collection<TopicPartition> partitions) {
    passed.keySet().removeAll(partitions);
  }

  /** The same offsets, each with its epoch where that is known. */
  Map<TopicPartition, OffsetAndMetadata> stamp(Map<TopicPartition, OffsetAndMetadata> offsets) {
    var stamped = new HashMap<TopicPartition, OffsetAndMetadata>();
    offsets.forEach((partition, offset) ->
        stamped.put(
            partition,
            new OffsetAndMetadata(
                offset.offset(), epoch(partition, offset.offset()), offset.metadata())));
    return stamped;
  }

  private Optional<Integer> epoch(TopicPartition partition, long offset) {
    Deque<Stretch> left =
        passed.computeIfPresent(
            partition,
            (_, stretches) -> {
              // Offsets are committed in rising order: what lies below is not asked for again.
              var rest = new ArrayDeque<>(stretches);
              rest.removeIf(stretch -> stretch.to() < offset);
              return rest;
            });
    Stretch first = left == null ? null : left.peekFirst();
    return first == null ? Optional.empty() : Optional.of(first.epoch());
  }
}
