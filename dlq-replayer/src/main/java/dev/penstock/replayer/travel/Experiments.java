package dev.penstock.replayer.travel;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.replayer.plan.Companion;
import dev.penstock.replayer.replay.Pauses;
import dev.penstock.replayer.travel.ExperimentBook.Entry;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Experiments: jobs that have ended, run again in another way, for a tenant of their own, beside
 * what they came to. Every replayer can read them all; the one that coordinates makes them and runs
 * them, through {@link #companion}. Thread-safe.
 */
public final class Experiments implements AutoCloseable {
  private static final int MAX_PAGE_BYTES = 4_000_000;

  private final Topics topics;
  private final Function<String, Consumer<byte[], byte[]>> seekers;
  private final ExperimentBook book = new ExperimentBook();
  private final ExperimentTail tail;
  private final ExperimentRunner runner;

  private Experiments(
      Topics topics,
      Function<String, Consumer<byte[], byte[]>> consumers,
      Function<String, Consumer<byte[], byte[]>> seekers,
      SubmissionReader reader,
      InstantSource clock) {
    this.topics = topics;
    this.seekers = seekers;
    this.tail = new ExperimentTail(consumers, topics.experiments(), book, Pauses.REAL);
    this.runner =
        new ExperimentRunner(
            new ExperimentRunner.Parts(
                topics, book, tail, consumers, seekers, reader, clock, Pauses.REAL));
  }

  /**
   * Begins to follow them.
   *
   * @param consumers makes consumers of committed records, with {@code auto.offset.reset=none}, by
   *     what they are for
   * @param seekers makes the like for those who go from place to place
   * @param reader the intake's, for what is changed of jobs
   */
  public static Experiments follow(
      Topics topics,
      Function<String, Consumer<byte[], byte[]>> consumers,
      Function<String, Consumer<byte[], byte[]>> seekers,
      SubmissionReader reader,
      InstantSource clock) {
    var experiments = new Experiments(topics, consumers, seekers, reader, clock);
    Thread.ofVirtual().name("replayer-experiments").start(experiments.tail);
    return experiments;
  }

  /** What the coordinator looks after. */
  public Companion companion() {
    return runner;
  }

  /** Why they can't be followed; null while they can. */
  public @Nullable String problem() {
    return tail.problem();
  }

  /**
   * Waits until all that is committed now is known here.
   *
   * @return whether it is; not when it takes longer than {@code patience}
   */
  public boolean catchUp(Duration patience) throws InterruptedException {
    return tail.catchUp(patience);
  }

  /** All of them, the newest first, without what they came to. */
  public ObjectNode list() {
    ObjectNode json = Json.MAPPER.createObjectNode();
    ArrayNode all = json.putArray("experiments");
    book.experiments().reversed().forEach(each -> all.add(ExperimentJson.of(each)));
    return json;
  }

  /** One with what it would do, and came to so far. */
  public Optional<ObjectNode> show(String id) {
    return book.experiment(id)
        .map(each -> ExperimentJson.of(each, book.entries(id, 0), book.preview(id).orElse(null)));
  }

  /**
   * Its items with both outputs, by number.
   *
   * @param from the least number
   * @param limit how many at most; fewer where they are large
   * @param different only those that did not come to the same, or to nothing
   */
  public Optional<ObjectNode> items(String id, int from, int limit, boolean different) {
    return book.experiment(id).map(each -> items(each, from, limit, different));
  }

  private ObjectNode items(Experiment experiment, int from, int limit, boolean different) {
    List<Entry> all =
        book.entries(experiment.id(), from).stream()
            .filter(each -> !different || each.isDifferent())
            .limit(limit + 1L)
            .toList();
    ObjectNode json = Json.MAPPER.createObjectNode();
    ArrayNode items = json.putArray("items");
    int told = 0;
    long bytes = 0;
    try (Consumer<byte[], byte[]> consumer = seekers.apply("experiment-items")) {
      var records = new Records(consumer);
      while (told < Math.min(limit, all.size()) && bytes < MAX_PAGE_BYTES) {
        List<Entry> some = all.subList(told, Math.min(Math.min(limit, all.size()), told + 20));
        var places = new ArrayList<Place>();
        some.forEach(each -> {
          places.add(here(each.itemAt()));
          if (each.isDecided()) {
            places.add(here(each.rerunAt()));
          }
        });
        var found = records.read(places);
        for (Entry each : some) {
          var item = found.get(here(each.itemAt()));
          var rerun = found.get(here(each.rerunAt()));
          bytes += size(item) + size(rerun);
          items.add(
              ExperimentJson.item(experiment, each, ExperimentRunner.item(item), rerun(rerun)));
          told++;
        }
      }
    }
    if (told < all.size()) {
      json.put("next", String.valueOf(all.get(told).number()));
    }
    return json;
  }

  private Place here(long offset) {
    return new Place(topics.experiments(), 0, offset);
  }

  private static int size(@Nullable ConsumerRecord<byte[], byte[]> record) {
    return record == null ? 0 : record.serializedValueSize();
  }

  private static @Nullable Rerun rerun(@Nullable ConsumerRecord<byte[], byte[]> record) {
    return record != null
            && Rerun.CODEC.decode(record.value()) instanceof Decoded.Value<Rerun>(Rerun rerun)
        ? rerun
        : null;
  }

  @Override
  public void close() {
    tail.close();
  }
}
