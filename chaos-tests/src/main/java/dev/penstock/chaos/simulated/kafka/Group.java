package dev.penstock.chaos.simulated.kafka;

import dev.penstock.chaos.simulated.kafka.Refusal.Code;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A consumer group of the protocol {@code consumer} (KIP-848), as its coordinator sees it: every
 * member moves by itself from what it has to what it is to have; a partition goes to a new member
 * only when the old one has confirmed that it let it go, or is gone.
 */
final class Group {
  /** What the broker takes: {@code offset.metadata.max.bytes}. */
  private static final int MAX_METADATA_CHARS = 4096;

  private final SimKafka kafka;
  private final GroupOffsets offsets = new GroupOffsets();
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final Map<String, Set<TopicPartition>> target = new HashMap<>();
  private int epoch;

  Group(SimKafka kafka) {
    this.kafka = kafka;
  }

  GroupOffsets offsets() {
    return offsets;
  }

  private static final class Member {
    final String id;
    final Set<String> topics;
    int epoch;
    int previousEpoch = -1;
    long heardAt;

    /** What it is told to have, and the member's epoch at which it was told. */
    final Map<TopicPartition, Integer> assigned = new LinkedHashMap<>();

    /** What it has still to let go. */
    final Map<TopicPartition, Integer> leaving = new LinkedHashMap<>();

    /** Since when it has what it has, in nanoseconds. */
    final Map<TopicPartition, Long> since = new HashMap<>();

    Member(String id, Set<String> topics) {
      this.id = id;
      this.topics = topics;
    }

    boolean holds(TopicPartition partition) {
      return assigned.containsKey(partition) || leaving.containsKey(partition);
    }
  }

  /** What a member is told. */
  record Told(int epoch, Set<TopicPartition> partitions) {}

  /**
   * A heartbeat.
   *
   * @param memberEpoch 0 to join
   * @param owned what it has at the moment
   */
  Told heartbeat(String id, int memberEpoch, Set<String> topics, Collection<TopicPartition> owned) {
    Member member = members.get(id);
    if (member == null) {
      if (memberEpoch != 0) {
        throw new Refusal(Code.UNKNOWN_MEMBER_ID);
      }
      member = new Member(id, topics);
      members.put(id, member);
      changed();
    } else if (memberEpoch == 0 && owned.isEmpty()) {
      // It began anew, or the answer to its joining was lost.
      member.epoch = 0;
    } else if (memberEpoch != member.epoch
        && !(memberEpoch == member.previousEpoch && member.assigned.keySet().containsAll(owned))) {
      throw new Refusal(Code.FENCED_MEMBER_EPOCH);
    }
    heard(member);
    reconcile(member, owned);
    return new Told(member.epoch, new LinkedHashSet<>(member.assigned.keySet()));
  }

  private void heard(Member member) {
    member.heardAt = kafka.scheduler().now();
    long heardAt = member.heardAt;
    kafka
        .scheduler()
        .after(
            kafka.sessionNanos(),
            () -> {
              if (members.get(member.id) == member && member.heardAt == heardAt) {
                remove(member.id);
              }
            });
  }

  void leave(String id) {
    if (members.containsKey(id)) {
      remove(id);
    }
  }

  private void remove(String id) {
    members.remove(id);
    target.remove(id);
    changed();
  }

  /** A new epoch: balanced, and with as few moves as possible. */
  private void changed() {
    epoch++;
    var all = new LinkedHashSet<TopicPartition>();
    members.values().forEach(member -> all.addAll(kafka.partitions(member.topics)));
    var next = new LinkedHashMap<String, Set<TopicPartition>>();
    var free = new LinkedHashSet<>(all);
    int count = members.size();
    if (count == 0) {
      target.clear();
      return;
    }
    int least = all.size() / count;
    int extra = all.size() % count;
    for (Member member : members.values()) {
      var kept = new LinkedHashSet<TopicPartition>();
      for (TopicPartition partition : target.getOrDefault(member.id, Set.of())) {
        boolean takesExtra = kept.size() == least && extra > 0;
        if (free.contains(partition) && (kept.size() < least || takesExtra)) {
          extra -= takesExtra ? 1 : 0;
          kept.add(partition);
          free.remove(partition);
        }
      }
      next.put(member.id, kept);
    }
    List<TopicPartition> rest = new ArrayList<>(free);
    for (Member member : members.values()) {
      Set<TopicPartition> mine = Objects.requireNonNull(next.get(member.id));
      int want = least;
      if (mine.size() <= least && extra > 0) {
        want = least + 1;
        extra--;
      }
      while (mine.size() < want && !rest.isEmpty()) {
        mine.add(rest.removeFirst());
      }
    }
    target.clear();
    target.putAll(next);
  }

  /** One step of a member towards its target. */
  private void reconcile(Member member, Collection<TopicPartition> owned) {
    if (!member.leaving.isEmpty()) {
      if (owned.stream().anyMatch(member.leaving::containsKey)) {
        return;
      }
      member.leaving.clear();
    }
    Set<TopicPartition> wanted = target.getOrDefault(member.id, Set.of());
    for (TopicPartition partition : List.copyOf(member.assigned.keySet())) {
      if (!wanted.contains(partition)) {
        member.leaving.put(partition, Objects.requireNonNull(member.assigned.remove(partition)));
      }
    }
    // What it never had, as after an answer that was lost, it need not let go.
    member.leaving.keySet().retainAll(new HashSet<>(owned));
    if (!member.leaving.isEmpty()) {
      return;
    }
    if (member.epoch != epoch) {
      member.previousEpoch = member.epoch;
      member.epoch = epoch;
    }
    for (TopicPartition partition : wanted) {
      if (!member.assigned.containsKey(partition) && isFree(partition)) {
        member.assigned.put(partition, member.epoch);
        member.since.put(partition, kafka.scheduler().now());
      }
    }
  }

  /** Who has the partition. */
  Optional<SimKafka.Owner> owner(TopicPartition partition) {
    return members.values().stream()
        .filter(member -> member.holds(partition))
        .findFirst()
        .map(member ->
            new SimKafka.Owner(member.id, Objects.requireNonNull(member.since.get(partition))));
  }

  int epoch() {
    return epoch;
  }

  private boolean isFree(TopicPartition partition) {
    return members.values().stream().noneMatch(member -> member.holds(partition));
  }

  /**
   * Takes offsets of a transaction in. The member and its epoch are checked, not what it owns, when
   * the epoch is the current one; without a member id nothing is.
   */
  void commit(
      Transaction transaction,
      String id,
      int memberEpoch,
      Map<TopicPartition, OffsetAndMetadata> wanted) {
    check(id, memberEpoch, wanted.keySet());
    if (wanted.values().stream()
        .anyMatch(offset -> offset.metadata().length() > MAX_METADATA_CHARS)) {
      throw new Refusal(Code.OFFSET_METADATA_TOO_LARGE);
    }
    wanted.forEach((partition, offset) -> offsets.commitWith(transaction, partition, offset));
  }

  private void check(String id, int memberEpoch, Set<TopicPartition> wanted) {
    if (memberEpoch < 0 && id.isEmpty()) {
      return;
    }
    Member member = members.get(id);
    if (member == null) {
      throw new Refusal(Code.UNKNOWN_MEMBER_ID);
    }
    if (memberEpoch == member.epoch) {
      return;
    }
    for (TopicPartition partition : wanted) {
      Integer since = assignedSince(member, partition);
      if (memberEpoch > member.epoch || since == null || memberEpoch < since) {
        throw new Refusal(Code.STALE_MEMBER_EPOCH);
      }
    }
  }

  private static @Nullable Integer assignedSince(Member member, TopicPartition partition) {
    Integer since = member.assigned.get(partition);
    return since == null ? member.leaving.get(partition) : since;
  }

  Map<TopicPartition, OffsetAndMetadata> stable(Set<TopicPartition> partitions) {
    var found = new HashMap<TopicPartition, OffsetAndMetadata>();
    for (TopicPartition partition : partitions) {
      if (offsets.isUnstable(partition)) {
        throw new Refusal(Code.UNSTABLE_OFFSET_COMMIT);
      }
      OffsetAndMetadata offset = offsets.get(partition);
      if (offset != null) {
        found.put(partition, offset);
      }
    }
    return found;
  }
}
