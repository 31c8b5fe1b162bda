package dev.penstock.streams.order;

import dev.penstock.job.JobId;
import dev.penstock.streams.order.Line.Head;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The lines of the partitions that are here in which others wait behind a head that stands. It
 * reads what the sequencer is just writing, so what it tells is a hint and no decision. One thread
 * looks; any may open.
 */
public final class HeldLines {
  /** How many heads of a partition are looked at, the first by their keys. */
  static final int MAX_HEADS = 5_000;

  /** So far those who wait are counted. */
  static final int MAX_COUNTED = 1_000;

  private final int partitions;
  private volatile @Nullable KafkaStreams streams;
  private Map<String, Head> before = Map.of();

  /**
   * A line in which others wait.
   *
   * @param head whose job was let through and has not released the key
   * @param waiting how many wait behind it, {@link #MAX_COUNTED} for that many and more
   */
  public record Held(String key, JobId head, int generation, int waiting) {}

  public HeldLines(int partitions) {
    this.partitions = partitions;
  }

  /** Reads from the sequencer's store from now on. */
  public void open(KafkaStreams sequencer) {
    streams = sequencer;
  }

  /**
   * The lines that had the same head when it was looked last: a head that moves on is none of
   * anybody's concern. Partitions that can't be read now are left out.
   */
  public List<Held> look() {
    KafkaStreams from = streams;
    var found = new ArrayList<Held>();
    var heads = new HashMap<String, Head>();
    for (int partition = 0; from != null && partition < partitions; partition++) {
      try {
        look(store(from, partition), before, heads, found);
      } catch (StreamsException | IllegalStateException _) {
        // Another instance has it, or it moves.
      }
    }
    before = heads;
    return List.copyOf(found);
  }

  private static ReadOnlyKeyValueStore<Bytes, byte[]> store(KafkaStreams from, int partition) {
    return from.store(
        StoreQueryParameters.fromNameAndType(
                OrderTopology.LINE, QueryableStoreTypes.<Bytes, byte[]>keyValueStore())
            .withPartition(partition));
  }

  /**
   * Looks at one store.
   *
   * @param before the heads when it was looked last
   * @param heads gets those of now
   * @param found gets the lines whose head stands and in which others wait
   */
  static void look(
      ReadOnlyKeyValueStore<Bytes, byte[]> store,
      Map<String, Head> before,
      Map<String, Head> heads,
      List<Held> found) {
    try (KeyValueIterator<Bytes, byte[]> all =
        store.range(StoredLine.firstHead(), StoredLine.behindHeads())) {
      for (int i = 0; i < MAX_HEADS && all.hasNext(); i++) {
        var row = all.next();
        String key = StoredLine.keyOfHead(row.key);
        Head head = StoredLine.head(row.value);
        heads.put(key, head);
        if (head.equals(before.get(key))) {
          int waiting = waiting(store, key, head);
          if (waiting > 0) {
            found.add(new Held(key, head.job(), head.generation(), waiting));
          }
        }
      }
    }
  }

  private static int waiting(ReadOnlyKeyValueStore<Bytes, byte[]> store, String key, Head head) {
    int waiting = 0;
    try (KeyValueIterator<Bytes, byte[]> behind =
        store.range(
            StoredLine.queueRow(key, head.position() + 1),
            StoredLine.queueRow(key, Long.MAX_VALUE))) {
      while (waiting < MAX_COUNTED && behind.hasNext()) {
        behind.next();
        waiting++;
      }
    }
    return waiting;
  }
}
