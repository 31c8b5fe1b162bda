package dev.penstock.replayer.travel;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.replayer.travel.Experiment.State;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The experiments, as far as their topic was read: of each item what figures are made of and where
 * its records stand, without what it came to. About 300 bytes an item. Thread-safe.
 */
final class ExperimentBook {
  private static final String ITEM = "item/";
  private static final String RERUN = "rerun/";
  private static final String PREVIEW = "preview";

  private final Map<String, Kept> experiments = new HashMap<>();
  private final Map<JobId, Whose> awaited = new HashMap<>();

  private static final class Kept {
    private @Nullable Experiment experiment;
    private @Nullable JsonNode preview;
    private final TreeMap<Integer, Entry> entries = new TreeMap<>();
    private int ended;
  }

  /** An item of an experiment. */
  record Whose(String experiment, int number) {}

  /** What figures are made of. */
  record Figures(JobState state, long latencyMillis, @Nullable Long costNanos, boolean cached) {
    static Figures of(Ended ended) {
      return new Figures(ended.state(), ended.latencyMillis(), ended.costNanos(), ended.cached());
    }
  }

  /**
   * What is known of an item.
   *
   * @param itemAt the offset of its {@link Item}
   * @param rerunAt the offset of its {@link Rerun}; -1 while there is none
   * @param after null where no job of it has ended
   * @param refused as of its {@link Rerun}
   */
  record Entry(
      int number,
      JobId original,
      JobId rerun,
      Place submission,
      Figures before,
      long itemAt,
      long rerunAt,
      @Nullable Figures after,
      @Nullable String refused,
      @Nullable Boolean same,
      @Nullable Double similarity) {
    boolean isDecided() {
      return rerunAt >= 0;
    }

    /** Whether both did not come to the same. */
    boolean isDifferent() {
      return refused != null
          || (after != null
              && (after.state() != before.state() || (same != null && !same.booleanValue())));
    }
  }

  static byte[] key(String id) {
    return bytes(id);
  }

  static byte[] previewKey(String id) {
    return bytes(id + "/" + PREVIEW);
  }

  static byte[] itemKey(String id, int number) {
    return bytes(id + "/" + ITEM + number);
  }

  static byte[] rerunKey(String id, int number) {
    return bytes(id + "/" + RERUN + number);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Takes the next record of the topic.
   *
   * @throws IllegalStateException when it can't be read
   */
  synchronized void take(ConsumerRecord<byte[], byte[]> record) {
    if (record.key() == null) {
      return;
    }
    String key = new String(record.key(), StandardCharsets.UTF_8);
    int slash = key.indexOf('/');
    String id = slash < 0 ? key : key.substring(0, slash);
    if (record.value() == null) {
      if (slash < 0) {
        remove(id);
      }
      return;
    }
    Kept kept = experiments.computeIfAbsent(id, _ -> new Kept());
    String part = slash < 0 ? "" : key.substring(slash + 1);
    if (part.isEmpty()) {
      kept.experiment = decoded(Experiment.CODEC, record);
    } else if (part.equals(PREVIEW)) {
      kept.preview = Json.MAPPER.readTree(record.value());
    } else if (part.startsWith(ITEM)) {
      take(id, kept, decoded(Item.CODEC, record), record.offset());
    } else if (part.startsWith(RERUN)) {
      take(kept, decoded(Rerun.CODEC, record), record.offset());
    }
  }

  private static <T> T decoded(JsonCodec<T> codec, ConsumerRecord<byte[], byte[]> record) {
    return switch (codec.decode(record.value())) {
      case Decoded.Value<T>(T value) -> value;
      case Decoded.Refused<T>(String reason) ->
          throw new IllegalStateException(
              "the experiments have a record at offset "
                  + record.offset()
                  + " that can't be read: "
                  + reason);
    };
  }

  private void remove(String id) {
    Kept kept = experiments.remove(id);
    if (kept != null) {
      kept.entries.values().forEach(entry -> awaited.remove(entry.rerun));
    }
  }

  private void take(String id, Kept kept, Item item, long offset) {
    // A selection that is made anew writes items anew.
    Entry there = kept.entries.get(item.number());
    if (there != null) {
      awaited.remove(there.rerun);
      if (there.isDecided()) {
        // Read once more: what became of it follows once more, too.
        kept.ended--;
      }
    }
    kept.entries.put(
        item.number(),
        new Entry(
            item.number(),
            item.original(),
            item.rerun(),
            item.submission(),
            Figures.of(item.before()),
            offset,
            -1,
            null,
            null,
            null,
            null));
    awaited.put(item.rerun(), new Whose(id, item.number()));
  }

  private void take(Kept kept, Rerun rerun, long offset) {
    Entry entry = kept.entries.get(rerun.number());
    if (entry == null) {
      return;
    }
    if (!entry.isDecided()) {
      kept.ended++;
    }
    Ended after = rerun.after();
    awaited.remove(entry.rerun);
    kept.entries.put(
        entry.number,
        new Entry(
            entry.number,
            entry.original,
            entry.rerun,
            entry.submission,
            entry.before,
            entry.itemAt,
            offset,
            after == null ? null : Figures.of(after),
            rerun.refused(),
            rerun.same(),
            rerun.similarity()));
  }

  synchronized Optional<Experiment> experiment(String id) {
    return Optional.ofNullable(experiments.get(id)).map(kept -> kept.experiment);
  }

  /** All of them, the oldest first. */
  synchronized List<Experiment> experiments() {
    var all = new ArrayList<Experiment>();
    for (Kept kept : experiments.values()) {
      if (kept.experiment != null) {
        all.add(kept.experiment);
      }
    }
    all.sort(Comparator.comparing(Experiment::createdAt).thenComparing(Experiment::id));
    return all;
  }

  synchronized Optional<JsonNode> preview(String id) {
    return Optional.ofNullable(experiments.get(id)).map(kept -> kept.preview);
  }

  /** The items from {@code from} on, by number; those that the experiment counts. */
  synchronized List<Entry> entries(String id, int from) {
    Kept kept = experiments.get(id);
    if (kept == null || kept.experiment == null) {
      return List.of();
    }
    int count = kept.experiment.count();
    return from >= count ? List.of() : List.copyOf(kept.entries.subMap(from, count).values());
  }

  /** How many of its jobs are on the way. */
  synchronized int open(String id) {
    Kept kept = experiments.get(id);
    return kept == null || kept.experiment == null ? 0 : kept.experiment.begun() - kept.ended;
  }

  /** The item whose job this is, where its end is not known yet. */
  synchronized Optional<Whose> whose(JobId rerun) {
    return Optional.ofNullable(awaited.get(rerun));
  }

  /** The item of that number. */
  synchronized Optional<Entry> entry(Whose whose) {
    return Optional.ofNullable(experiments.get(whose.experiment))
        .map(kept -> kept.entries.get(whose.number));
  }

  /** Those of which jobs may be on the way. */
  synchronized List<Experiment> followed() {
    return experiments().stream()
        .filter(each ->
            each.state() == State.RUNNING || (each.state() == State.ABORTED && open(each.id()) > 0))
        .toList();
  }
}
