package dev.penstock.chaos.simulated.kafka;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The committed offsets of a group, and those that open transactions want to commit. */
final class GroupOffsets {
  private final Map<TopicPartition, Committed> committed = new HashMap<>();
  private final List<Pending> pending = new ArrayList<>();
  private long sequence;

  private record Committed(OffsetAndMetadata offset, long sequence) {}

  private record Pending(
      Transaction transaction, TopicPartition partition, OffsetAndMetadata offset, long sequence) {}

  void commit(TopicPartition partition, OffsetAndMetadata offset) {
    committed.put(partition, new Committed(offset, ++sequence));
  }

  void commitWith(Transaction transaction, TopicPartition partition, OffsetAndMetadata offset) {
    pending.add(new Pending(transaction, partition, offset, ++sequence));
  }

  void ended(Transaction transaction) {
    for (Pending each : List.copyOf(pending)) {
      if (each.transaction == transaction) {
        pending.remove(each);
        Committed now = committed.get(each.partition);
        if (transaction.fate() == Transaction.Fate.COMMITTED
            && (now == null || now.sequence < each.sequence)) {
          committed.put(each.partition, new Committed(each.offset, each.sequence));
        }
      }
    }
  }

  boolean isUnstable(TopicPartition partition) {
    return pending.stream().anyMatch(each -> each.partition.equals(partition));
  }

  @Nullable OffsetAndMetadata get(TopicPartition partition) {
    Committed now = committed.get(partition);
    return now == null ? null : now.offset;
  }

  void expire(TopicPartition partition) {
    committed.remove(partition);
  }
}
