package dev.penstock.chaos.simulated.kafka;

import dev.penstock.chaos.simulated.kafka.Refusal.Code;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The transaction coordinator, for {@code transaction.version} 2: each end raises the epoch. */
final class Transactions {
  private final SimKafka kafka;
  private final Map<String, State> byId = new HashMap<>();
  private long producerIds;

  Transactions(SimKafka kafka) {
    this.kafka = kafka;
  }

  /** Who a producer is, until the next end of a transaction. */
  record Identity(long producerId, int epoch) {}

  /** What the coordinator knows of a transactional id. */
  private static final class State {
    final String id;
    final long producerId;
    int epoch;
    long timeoutNanos;
    @Nullable Transaction current;
    @Nullable Boolean lastEnd;

    /** Markers that are still to be written; the next transaction can't begin before. */
    int pendingMarkers;

    final Set<TopicPartition> partitions = new LinkedHashSet<>();
    final Set<String> groups = new LinkedHashSet<>();

    State(String id, long producerId) {
      this.id = id;
      this.producerId = producerId;
    }
  }

  /** Fences whoever used the id before, ends its transaction, and gives a new epoch. */
  Identity init(String id, long timeoutNanos) {
    State state = byId.computeIfAbsent(id, _ -> new State(id, ++producerIds));
    if (state.current != null) {
      state.epoch++;
      end(state, false);
      throw new Refusal(Code.CONCURRENT_TRANSACTIONS);
    }
    if (state.pendingMarkers > 0) {
      throw new Refusal(Code.CONCURRENT_TRANSACTIONS);
    }
    state.timeoutNanos = timeoutNanos;
    state.epoch++;
    state.lastEnd = null;
    return new Identity(state.producerId, state.epoch);
  }

  /** The open transaction of the producer; begun now when there is none. */
  Transaction join(String id, Identity who) {
    State state = check(id, who);
    if (state.pendingMarkers > 0) {
      throw new Refusal(Code.CONCURRENT_TRANSACTIONS);
    }
    Transaction open = state.current;
    if (open == null) {
      open = new Transaction(state.producerId);
      state.current = open;
      Transaction begun = open;
      kafka
          .scheduler()
          .after(state.timeoutNanos + kafka.timeoutScanNanos(), () -> expire(state, begun));
    }
    return open;
  }

  void touches(String id, TopicPartition partition) {
    state(id).partitions.add(partition);
  }

  void touchesGroup(String id, String group) {
    state(id).groups.add(group);
  }

  private State state(String id) {
    State state = byId.get(id);
    if (state == null) {
      throw new Refusal(Code.INVALID_TXN_STATE);
    }
    return state;
  }

  private State check(String id, Identity who) {
    State state = state(id);
    if (who.producerId() != state.producerId || who.epoch() != state.epoch) {
      throw new Refusal(Code.INVALID_PRODUCER_EPOCH);
    }
    return state;
  }

  private void expire(State state, Transaction begun) {
    if (state.current == begun) {
      state.epoch++;
      end(state, false);
    }
  }

  /** Ends the open transaction. Asked again after a lost answer it tells the same. */
  Identity end(String id, Identity who, boolean commit) {
    State state = state(id);
    boolean again =
        who.epoch() == state.epoch - 1 && state.lastEnd != null && state.lastEnd == commit;
    if (again && state.current == null) {
      return new Identity(state.producerId, state.epoch);
    }
    if (who.epoch() != state.epoch) {
      throw new Refusal(Code.PRODUCER_FENCED);
    }
    if (state.current == null) {
      throw new Refusal(Code.INVALID_TXN_STATE);
    }
    end(state, commit);
    state.lastEnd = commit;
    state.epoch++;
    return new Identity(state.producerId, state.epoch);
  }

  /** From here on it is decided; readers learn of it partition by partition. */
  private void end(State state, boolean commit) {
    Transaction ended = java.util.Objects.requireNonNull(state.current);
    state.current = null;
    state.lastEnd = null;
    ended.decide(commit);
    kafka.ended(state.id, ended);
    for (TopicPartition partition : state.partitions) {
      marker(state, () -> kafka.writeMarker(partition, ended));
    }
    for (String group : state.groups) {
      marker(state, () -> kafka.group(group).offsets().ended(ended));
    }
    state.partitions.clear();
    state.groups.clear();
  }

  private void marker(State state, Runnable write) {
    state.pendingMarkers++;
    kafka
        .scheduler()
        .after(
            kafka.network().markerNanos(),
            () -> {
              write.run();
              state.pendingMarkers--;
            });
  }
}
