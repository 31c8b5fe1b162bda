package dev.penstock.worker.claim;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * What the consumer owned at one moment, and as which member. Kafka checks a transactional commit
 * for the member and its epoch, not for the partitions, so every transaction asserts them here
 * against the same snapshot that it hands to Kafka.
 */
public record Ownership(
    ConsumerGroupMetadata group, Set<TopicPartition> partitions, LeaderEpochs epochs) {
  public Ownership {
    partitions = Set.copyOf(partitions);
  }

  /** Whether a transaction over these partitions may be tried. */
  public boolean covers(Collection<TopicPartition> wanted) {
    // An epoch below 0 with no member id would not be checked by the broker at all.
    return group.generationId() >= 0
        && !group.memberId().isEmpty()
        && partitions.containsAll(wanted);
  }

  /** The offsets as they are to be committed: with the leader epochs that they were read under. */
  public Map<TopicPartition, OffsetAndMetadata> stamped(
      Map<TopicPartition, OffsetAndMetadata> offsets) {
    return epochs.stamp(offsets);
  }
}
