package dev.penstock.replayer.travel;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent.Finished;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replayer.plan.Companion;
import dev.penstock.replayer.plan.Coordinator.Reply;
import dev.penstock.replayer.replay.Pauses;
import dev.penstock.replayer.travel.Experiment.State;
import dev.penstock.replayer.travel.ExperimentBook.Entry;
import dev.penstock.replayer.travel.ExperimentBook.Whose;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes experiments and runs them, on the coordinator's thread.
 *
 * <p>All that it knows stands on the topic of experiments: it decides by what was read there,
 * writes what follows in one fenced transaction with the jobs that it begins, and reads that back
 * before it decides anything more. An item is begun by the transaction that moves {@code begun}
 * past it, so none is begun twice or left out, whoever dies when. How jobs end is heard from the
 * events; with each record of that stands up to where they were heard.
 */
final class ExperimentRunner implements Companion {
  private static final Logger log = LoggerFactory.getLogger(ExperimentRunner.class);

  /** The most items that one transaction begins or ends. */
  private static final int BATCH_ITEMS = 50;

  private static final int BATCH_BYTES = 8_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(5);
  private static final String ITSELF = "penstock";

  private final Parts parts;
  private final Finder finder;
  private final Map<String, Rate> rates = new HashMap<>();
  private @Nullable Search search;
  private @Nullable Consumer<byte[], byte[]> events;
  private @Nullable Consumer<byte[], byte[]> places;

  /**
   * What it works with.
   *
   * @param book what {@code tail} has read
   * @param consumers makes consumers of committed records, with {@code auto.offset.reset=none}
   * @param seekers makes the like for those who go from place to place
   */
  record Parts(
      Topics topics,
      ExperimentBook book,
      ExperimentTail tail,
      Function<String, Consumer<byte[], byte[]>> consumers,
      Function<String, Consumer<byte[], byte[]>> seekers,
      SubmissionReader reader,
      InstantSource clock,
      Pauses pauses) {}

  /** A commit did not succeed: nothing more is to be done. */
  private static final class LostException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Commit commit;

    LostException(Commit commit) {
      super("a commit did not succeed", null, false, false);
      this.commit = commit;
    }
  }

  ExperimentRunner(Parts parts) {
    this.parts = parts;
    this.finder = new Finder(parts.topics, parts.seekers, parts.reader, parts.clock);
  }

  @Override
  public void open() throws LogUnavailableException {
    close();
    try {
      if (!parts.tail.catchUp(PATIENCE)) {
        throw new LogUnavailableException(
            "the experiments were not read to their end in time: " + parts.tail.problem(),
            new TimeoutException(PATIENCE.toString()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LogUnavailableException("interrupted", e);
    }
  }

  @Override
  public void close() {
    if (search != null) {
      search.close();
      search = null;
    }
    if (events != null) {
      events.close();
      events = null;
    }
    if (places != null) {
      places.close();
      places = null;
    }
    rates.clear();
  }

  @Override
  public Reply obey(Companion.Wish wish, Writer writer) {
    try {
      return switch (wish) {
        case Asked.Create(Experiment wanted) -> create(wanted, writer);
        case Asked.Move move -> move(move, writer);
        default -> new Reply.Missing();
      };
    } catch (LostException e) {
      return e.commit instanceof Commit.Unknown
          ? new Reply.Unknown("Kafka did not answer in time; look at the experiment")
          : new Reply.Unavailable("Kafka did not take it; try again");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new Reply.Unknown("the replayer is stopping; look at the experiment");
    }
  }

  private Reply create(Experiment wanted, Writer writer)
      throws LostException, InterruptedException {
    Optional<Experiment> there = parts.book.experiment(wanted.id());
    if (there.isPresent()) {
      return there.get().isAskedAs(wanted)
          ? granted(there.get())
          : new Reply.Refused("there is another experiment " + wanted.id());
    }
    Optional<String> refusal = Life.refusal(parts.book.experiments());
    if (refusal.isPresent()) {
      return new Reply.Refused(refusal.get());
    }
    Experiment made = wanted.asked(ends(), now());
    commit(writer, List.of(), made, wanted.requestedBy(), "create");
    return granted(made);
  }

  private Reply move(Asked.Move move, Writer writer) throws LostException, InterruptedException {
    Optional<Experiment> there = parts.book.experiment(move.id());
    if (there.isEmpty()) {
      return new Reply.Missing();
    }
    return switch (Life.obey(there.get(), move.command(), move.version(), ends(), now())) {
      case Life.Answer.Already _ -> granted(there.get());
      case Life.Answer.Refused(String reason) -> new Reply.Refused(reason);
      case Life.Answer.Changed(Experiment changed) -> {
        commit(
            writer,
            changed.state() == State.ABORTED ? cancels(there.get()) : List.of(),
            changed,
            move.who(),
            move.command().wireName());
        yield granted(changed);
      }
    };
  }

  private Reply granted(Experiment experiment) {
    return new Reply.Granted(
        ExperimentJson.of(
            experiment,
            parts.book.entries(experiment.id(), 0),
            parts.book.preview(experiment.id()).orElse(null)));
  }

  /** Asks the workers to cancel what is on the way, as the intake does. */
  private List<ProducerRecord<byte[], byte[]>> cancels(Experiment experiment) {
    var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
    for (Entry each : parts.book.entries(experiment.id(), 0)) {
      if (each.number() < experiment.begun() && !each.isDecided()) {
        var record =
            new ProducerRecord<>(
                parts.topics.control(),
                bytes(each.rerun().toString()),
                JsonCodec.CANCEL_REQUESTS.encode(new CancelRequest(each.rerun(), 0, now())));
        record.headers().add(RecordHeaders.GENERATION, bytes("0"));
        records.add(record);
      }
    }
    return records;
  }

  @Override
  public void step(Writer writer) {
    try {
      look(writer);
      hear(writer);
      for (Experiment each : parts.book.experiments()) {
        if (each.state() == State.RUNNING) {
          run(each, writer);
        }
      }
      Optional<Experiment> old = Life.notKept(parts.book.experiments());
      if (old.isPresent()) {
        forget(old.get(), writer);
      }
    } catch (LostException e) {
      log.warn("what an experiment has come to was not written: {}", e.commit);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** Writes what was found of what the oldest experiment selects. */
  private void look(Writer writer) throws LostException, InterruptedException {
    Optional<Experiment> first =
        parts.book.experiments().stream()
            .filter(each -> each.state() == State.SELECTING)
            .findFirst();
    if (search != null && (first.isEmpty() || !search.isOf(first.get()))) {
      search.close();
      search = null;
    }
    if (first.isEmpty()) {
      return;
    }
    if (search == null) {
      search = Search.start(finder, first.get(), parts.pauses);
    }
    Experiment selecting = first.get();
    switch (search.next()) {
      case null -> {}
      case Search.Found.Items(List<Item> items) -> {
        var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
        for (Item item : items) {
          records.add(
              record(
                  ExperimentBook.itemKey(selecting.id(), item.number()), Item.CODEC.encode(item)));
        }
        if (!items.isEmpty()) {
          commit(writer, records, selecting.withCount(items.getLast().number() + 1), null, "");
        }
      }
      case Search.Found.All(var preview) ->
          commit(
              writer,
              List.of(record(ExperimentBook.previewKey(selecting.id()), bytes(preview.toString()))),
              selecting.withCount(preview.path("selected").intValue()).in(State.DRAFT, now(), null),
              ITSELF,
              "draft");
      case Search.Found.Failed(String reason) ->
          commit(
              writer,
              List.of(),
              selecting.withCount(0).in(State.ABORTED, now(), reason),
              ITSELF,
              "aborted");
    }
  }

  /** Writes how jobs have ended. */
  private void hear(Writer writer) throws LostException, InterruptedException {
    List<Experiment> followed = parts.book.followed();
    if (followed.isEmpty()) {
      if (events != null) {
        events.close();
        events = null;
      }
      return;
    }
    if (events == null) {
      events = follow(followed, writer);
    }
    var ended = new LinkedHashMap<String, Map<Integer, Finished>>();
    for (ConsumerRecord<byte[], byte[]> record : events.poll(POLL)) {
      // Most events are of other jobs: they are not even decoded.
      Optional<Whose> whose = Finder.id(record).flatMap(parts.book::whose);
      Finished finished = whose.isEmpty() ? null : Finder.finished(record);
      if (whose.isPresent() && finished != null) {
        ended
            .computeIfAbsent(whose.get().experiment(), _ -> new TreeMap<>())
            .put(whose.get().number(), finished);
      }
    }
    for (var each : ended.entrySet()) {
      write(each.getKey(), each.getValue(), writer);
    }
  }

  private void write(String id, Map<Integer, Finished> ended, Writer writer)
      throws LostException, InterruptedException {
    List<Integer> numbers = List.copyOf(ended.keySet());
    for (int from = 0; from < numbers.size(); from += BATCH_ITEMS) {
      List<Integer> batch = numbers.subList(from, Math.min(numbers.size(), from + BATCH_ITEMS));
      var at = new HashMap<Integer, Place>();
      for (int number : batch) {
        parts
            .book
            .entry(new Whose(id, number))
            .ifPresent(entry -> at.put(number, here(entry.itemAt())));
      }
      var items = new Records(places()).read(at.values());
      var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
      for (int number : batch) {
        Place place = at.get(number);
        Item item = place == null ? null : item(items.get(place));
        Ended after = Ended.of(Objects.requireNonNull(ended.get(number)));
        Comparison told = item == null ? Comparison.NONE : Comparison.of(item.before(), after);
        records.add(
            rerun(
                id,
                new Rerun(
                    number, after, null, null, told.same(), told.similarity(), told.paths())));
      }
      Experiment there = parts.book.experiment(id).orElseThrow();
      // Only with the last of them everything up to here is written.
      List<Long> heard = from + BATCH_ITEMS >= numbers.size() ? heard() : there.watched();
      commit(writer, records, there.withProgress(there.begun(), heard), null, "");
    }
  }

  static @Nullable Item item(@Nullable ConsumerRecord<byte[], byte[]> record) {
    return record != null
            && Item.CODEC.decode(record.value()) instanceof Decoded.Value<Item>(Item item)
        ? item
        : null;
  }

  /** From where all of these heard everything. */
  private Consumer<byte[], byte[]> follow(List<Experiment> followed, Writer writer)
      throws LostException, InterruptedException {
    Consumer<byte[], byte[]> consumer = parts.consumers.apply("experiment-outcomes");
    boolean begun = false;
    try {
      List<TopicPartition> all = partitions();
      consumer.assign(all);
      Map<TopicPartition, Long> begins = consumer.beginningOffsets(all);
      for (TopicPartition each : all) {
        long begin = Objects.requireNonNull(begins.get(each));
        long from =
            followed.stream()
                .mapToLong(one -> one.watched().get(each.partition()))
                .min()
                .orElse(begin);
        consumer.seek(each, Math.max(from, begin));
        for (Experiment one : followed) {
          if (one.watched().get(each.partition()) < begin) {
            giveUp(one.id(), each.partition(), writer);
          }
        }
      }
      begun = true;
      return consumer;
    } finally {
      if (!begun) {
        consumer.close();
      }
    }
  }

  /** Nobody can tell any more how those of this partition have ended. */
  private void giveUp(String id, int partition, Writer writer)
      throws LostException, InterruptedException {
    Experiment there = parts.book.experiment(id).orElseThrow();
    var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
    for (Entry each : parts.book.entries(id, 0)) {
      byte[] key = bytes(each.rerun().toString());
      if (each.number() < there.begun()
          && !each.isDecided()
          && Utils.toPositive(Utils.murmur2(key)) % parts.topics.partitions() == partition) {
        records.add(
            rerun(id, Rerun.refused(each.number(), "unknown", "its end is not kept any more")));
      }
    }
    commit(writer, records, there.withProgress(there.begun(), there.watched()), null, "");
  }

  private List<Long> heard() {
    Consumer<byte[], byte[]> followed = Objects.requireNonNull(events);
    return partitions().stream().map(followed::position).toList();
  }

  /** Begins as many as there is room for, and ends it when all have ended. */
  private void run(Experiment running, Writer writer) throws LostException, InterruptedException {
    int open = parts.book.open(running.id());
    try {
      if (running.begun() < running.count()) {
        begin(running, open, writer);
      } else if (open == 0) {
        rates.remove(running.id());
        commit(writer, List.of(), running.in(State.DONE, now(), null), ITSELF, "done");
      }
    } catch (KafkaException e) {
      throw e;
    } catch (RuntimeException e) {
      log.error("the experiment {} can't be run", running.id(), e);
      commit(
          writer,
          cancels(running),
          running.in(State.ABORTED, now(), "a fault of the service"),
          ITSELF,
          "aborted");
    }
  }

  private void begin(Experiment running, int open, Writer writer)
      throws LostException, InterruptedException {
    Instant now = now();
    int room = Math.min(BATCH_ITEMS, running.inFlight() - open);
    Double perSecond = running.perSecond();
    Rate rate =
        perSecond == null
            ? null
            : rates.computeIfAbsent(running.id(), _ -> new Rate(perSecond, now));
    if (rate != null) {
      room = Math.min(room, rate.available(now));
    }
    if (room <= 0) {
      return;
    }
    List<Entry> next =
        parts.book.entries(running.id(), running.begun()).stream().limit(room).toList();
    var submissions = new Records(places()).read(next.stream().map(Entry::submission).toList());
    var again = new Again(parts.reader, running);
    var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
    int bytes = 0;
    int begun = running.begun();
    for (Entry each : next) {
      Job original = Finder.job(submissions.get(each.submission()));
      Again.Made made =
          original == null
              ? new Again.Made.Refused("gone", "its submission is not kept any more")
              : again.of(original, now);
      switch (made) {
        case Again.Made.Refused(String reason, String detail) ->
            records.add(rerun(running.id(), Rerun.refused(each.number(), reason, detail)));
        case Again.Made.Ready(Job job, byte[] value) -> {
          var record =
              new ProducerRecord<>(
                  parts.topics.jobs(job.priority()), bytes(job.id().toString()), value);
          record
              .headers()
              .add(RecordHeaders.GENERATION, bytes("0"))
              .add(RecordHeaders.ATTEMPT, bytes("1"));
          records.add(record);
          bytes += value.length;
        }
      }
      begun++;
      if (bytes > BATCH_BYTES) {
        break;
      }
    }
    if (rate != null) {
      rate.take(begun - running.begun());
    }
    commit(
        writer,
        records,
        running.withProgress(begun, events == null ? running.watched() : heard()),
        null,
        "");
  }

  /** Writes what the experiment is now, and reads it back. */
  private void commit(
      Writer writer,
      List<ProducerRecord<byte[], byte[]>> records,
      Experiment now,
      @Nullable String who,
      String did)
      throws LostException, InterruptedException {
    var all = new ArrayList<>(records);
    byte[] value = Experiment.CODEC.encode(now);
    all.add(record(ExperimentBook.key(now.id()), value));
    Deed deed =
        who == null
            ? null
            : new Deed(
                who,
                "experiment-" + did,
                new PlanId(now.id()),
                new JsonObject(new String(value, StandardCharsets.UTF_8)));
    Commit commit = writer.write(all, deed);
    if (!(commit instanceof Commit.Committed)) {
      throw new LostException(commit);
    }
    if (who != null) {
      log.info("experiment {}: {} by {}", now.id(), did, who);
    }
    if (!parts.tail.await(now.id(), now.version(), PATIENCE)) {
      throw new TimeoutException("the experiments are not read: " + parts.tail.problem());
    }
  }

  private void forget(Experiment old, Writer writer) throws LostException, InterruptedException {
    var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
    for (Entry each : parts.book.entries(old.id(), 0)) {
      records.add(record(ExperimentBook.itemKey(old.id(), each.number()), null));
      records.add(record(ExperimentBook.rerunKey(old.id(), each.number()), null));
    }
    records.add(record(ExperimentBook.previewKey(old.id()), null));
    records.add(record(ExperimentBook.key(old.id()), null));
    Commit commit = writer.write(records, null);
    if (!(commit instanceof Commit.Committed)) {
      throw new LostException(commit);
    }
    if (!parts.tail.catchUp(PATIENCE)) {
      throw new TimeoutException("the experiments are not read: " + parts.tail.problem());
    }
  }

  private ProducerRecord<byte[], byte[]> rerun(String id, Rerun rerun) {
    return record(ExperimentBook.rerunKey(id, rerun.number()), Rerun.CODEC.encode(rerun));
  }

  private ProducerRecord<byte[], byte[]> record(byte[] key, byte @Nullable [] value) {
    return new ProducerRecord<>(parts.topics.experiments(), 0, key, value);
  }

  private Place here(long offset) {
    return new Place(parts.topics.experiments(), 0, offset);
  }

  private Consumer<byte[], byte[]> places() {
    Consumer<byte[], byte[]> open = places;
    if (open == null) {
      open = parts.seekers.apply("experiment-places");
      places = open;
    }
    return open;
  }

  private List<TopicPartition> partitions() {
    return IntStream.range(0, parts.topics.partitions())
        .mapToObj(partition -> new TopicPartition(parts.topics.events(), partition))
        .toList();
  }

  /** Where the events end, as a reader of committed records sees them. */
  private List<Long> ends() {
    List<TopicPartition> all = partitions();
    Map<TopicPartition, Long> ends = places().endOffsets(all);
    return all.stream().map(each -> Objects.requireNonNull(ends.get(each))).toList();
  }

  private Instant now() {
    return parts.clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Lets so many begin a second; what is not used within a second is lost. */
  private static final class Rate {
    private final double perSecond;
    private double tokens = 1;
    private Instant at;

    Rate(double perSecond, Instant now) {
      this.perSecond = perSecond;
      this.at = now;
    }

    int available(Instant now) {
      double passed = Math.max(0, Duration.between(at, now).toNanos() / 1e9);
      tokens = Math.min(Math.max(1, perSecond), tokens + passed * perSecond);
      at = now;
      return (int) tokens;
    }

    void take(int count) {
      tokens -= count;
    }
  }
}
