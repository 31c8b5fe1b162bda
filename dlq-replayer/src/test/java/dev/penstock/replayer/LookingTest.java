package dev.penstock.replayer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.Job;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.Installation.Place;
import dev.penstock.replayer.look.DeadLetters;
import dev.penstock.replayer.look.KafkaLetterLog;
import dev.penstock.replayer.look.LedgerView;
import dev.penstock.replayer.look.LetterId;
import dev.penstock.replayer.look.LetterLog;
import dev.penstock.replayer.look.LetterLog.Span;
import dev.penstock.replayer.look.LetterLogContract;
import dev.penstock.replayer.look.LetterQuery;
import dev.penstock.replayer.look.Standing;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.replayer.select.Selecting.Selected;
import dev.penstock.replayer.select.Selector;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.RecordHeaders;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Looking at dead letters on a real broker; each test has topics of its own. */
final class LookingTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Instant NOW = Instant.parse("2026-11-22T06:00:00Z");
  private static final InstantSource CLOCK = InstantSource.system();

  @TempDir static Path directory;
  private static EmbeddedBroker broker;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  /** What looks at an installation. */
  private static final class Looking implements AutoCloseable {
    private final Installation all;
    private final LetterLog log;
    private final LedgerView ledger;
    private final DeadLetters letters;
    private final Thread follower;

    Looking(String prefix) {
      all = new Installation(broker, prefix);
      log = new KafkaLetterLog(Clients.REAL, all.kafka, CLOCK);
      ledger = new LedgerView(Clients.REAL, all.kafka, CLOCK);
      letters = new DeadLetters(log, ledger, CLOCK);
      follower = Thread.ofVirtual().start(ledger);
    }

    /** All that are told, page by page. */
    List<String> list(LetterQuery query, int limit) throws InterruptedException {
      var ids = new ArrayList<String>();
      String cursor = null;
      do {
        ObjectNode page = letters.list(query, limit, cursor);
        page.get("letters").forEach(each -> ids.add(each.get("letter").asString()));
        cursor = page.has("next") ? page.get("next").asString() : null;
      } while (cursor != null);
      return ids;
    }

    Selected select(String selection, @Nullable Canary canary) throws InterruptedException {
      return new Selector(log, ledger, new SubmissionReader(Contract.load(), CLOCK), CLOCK)
          .select(
              new Plan(
                  new PlanId("p"),
                  "test",
                  "ann",
                  NOW,
                  new JsonObject(selection),
                  letters.ends(),
                  new Action.Replay(3, null),
                  new Pace(10, null),
                  canary,
                  List.of(),
                  State.SELECTING,
                  0,
                  1,
                  NOW,
                  null));
    }

    void ledger(int partition, LedgerRecord record) {
      send(
          new ProducerRecord<>(
              all.topics.dlqLedger(),
              partition,
              Installation.bytes(record.key()),
              JsonCodec.LEDGER.encode(record)));
    }

    private void send(ProducerRecord<byte[], byte[]> record) {
      try (Producer<byte[], byte[]> producer =
          Clients.REAL.producer(all.kafka.clientSettings("ledger"))) {
        var _ = producer.send(record);
      }
    }

    @Override
    public void close() {
      ledger.close();
      try {
        follower.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      all.close();
    }
  }

  private static List<LetterId> ids(Iterable<Place> places) {
    var ids = new ArrayList<LetterId>();
    places.forEach(each -> ids.add(new LetterId(each.partition(), each.offset())));
    return ids;
  }

  @Test
  void isALogOfDeadLettersAndShowsNothingThatIsNotCommitted() throws Exception {
    try (var looking = new Looking("log.")) {
      Map<Job, Place> before = looking.all.deadLetters(30);
      Map<String, Object> settings = looking.all.kafka.clientSettings("aborter");
      settings.put("transactional.id", "aborter");
      try (Producer<byte[], byte[]> producer = Clients.REAL.producer(settings)) {
        producer.initTransactions();
        producer.beginTransaction();
        for (int i = 0; i < 20; i++) {
          var _ =
              producer.send(
                  new ProducerRecord<>(
                      looking.all.topics.deadLetters(), i % 2, null, new byte[] {'x'}));
        }
        producer.abortTransaction();
      }
      Map<Job, Place> after = looking.all.deadLetters(30);
      List<LetterId> all = ids(before.values());
      all.addAll(ids(after.values()));
      LetterLogContract.check(looking.log, all);
      assertThat(looking.list(LetterQuery.OPEN, 7))
          .containsExactlyInAnyOrderElementsOf(all.stream().map(LetterId::toString).toList());
    }
  }

  @Test
  void whatBecameOfADeadLetterIsToldAsSoonAsItIsCommitted() throws Exception {
    try (var looking = new Looking("ledger.")) {
      Job job = Installation.job(null);
      Place place = looking.all.deadLetter(job, 0);
      Place poison = looking.all.poison(1);
      var plan = new PlanId("p");
      assertThat(looking.list(LetterQuery.OPEN, 10)).hasSize(2);
      looking.ledger(
          place.partition(),
          new LedgerRecord.Replayed(place.offset(), job.id(), 0, plan, null, NOW));
      looking.ledger(1, new LedgerRecord.Discarded(poison.offset(), null, null, plan, "junk", NOW));
      var progress =
          new LedgerRecord.Progress(
              plan, 0, place.offset() + 1, true, Tally.ofReplayed(1), 0, 2, 0, null, NOW);
      looking.ledger(place.partition(), progress);
      assertThat(looking.list(LetterQuery.OPEN, 10)).isEmpty();
      assertThat(looking.list(LetterQuery.ALL, 10)).hasSize(2);
      assertThat(looking.ledger.of(place.partition(), place.offset())).isEqualTo(Standing.REPLAYED);
      assertThat(looking.ledger.progress(plan))
          .containsExactly(Map.entry(place.partition(), progress));
      looking.ledger(1, new LedgerRecord.Purged(poison.offset(), null, null, plan, "junk", NOW));
      ObjectNode shown = looking.letters.show(new LetterId(1, poison.offset())).orElseThrow();
      assertThat(shown.get("standing").asString()).isEqualTo("purged");
      assertThat(shown.get("hex").asString()).isEqualTo("6e6f74204a534f4e");
      assertThat(looking.ledger.problem()).isNull();
      // What can't be read is a problem, and no guess.
      looking.send(
          new ProducerRecord<>(
              looking.all.topics.dlqLedger(), 0, Installation.bytes("5"), new byte[] {'{'}));
      await().atMost(PATIENCE).until(() -> looking.ledger.problem() != null);
      assertThat(looking.ledger.problem()).contains("ledger").contains("partition 0 at offset");
      assertThat(looking.ledger.catchUp(Duration.ofMillis(50))).isFalse();
    }
  }

  @Test
  void aSelectionIsFoundOnTheRealLogAndWhatWasCutIsGone() throws Exception {
    try (var looking = new Looking("select.")) {
      Map<Job, Place> places = looking.all.deadLetters(100);
      looking.all.poison(0);
      LetterId first = ids(places.values()).getFirst();
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
        admin
            .deleteRecords(
                Map.of(
                    new TopicPartition(looking.all.topics.deadLetters(), first.partition()),
                    RecordsToDelete.beforeOffset(first.offset() + 1)))
            .all()
            .get();
      }
      Selected selected =
          looking.select("{\"filter\":{}}", new Canary(10, null, Canary.Then.STOP, 1));
      JsonNode preview = Json.MAPPER.readTree(selected.preview().text());
      assertThat(preview.get("selected").asInt()).isEqualTo(99);
      assertThat(preview.get("canary").asInt()).isEqualTo(10);
      assertThat(preview.get("refused").get(0).get("reason").asString()).isEqualTo("poison");
      var found = new TreeSet<String>();
      add(selected.canary(), found);
      add(selected.rest(), found);
      var expected = new TreeSet<String>();
      ids(places.values()).forEach(id -> expected.add(id.toString()));
      expected.remove(first.toString());
      assertThat(found).isEqualTo(expected);
      JsonNode named =
          Json.MAPPER.readTree(
              looking.select("{\"letters\":[\"" + first + "\"]}", null).preview().text());
      assertThat(named.get("refused").get(0).get("reason").asString()).isEqualTo("gone");
      assertThat(looking.letters.show(first)).isEmpty();
    }
  }

  private static void add(Map<Integer, OffsetSet> sets, Set<String> found) {
    sets.forEach(
        (partition, offsets) -> offsets.forEach(offset -> found.add(partition + "-" + offset)));
  }

  @Test
  void readingEndsWhenItsTimeIsUpOrSomeoneInterruptsIt() throws Exception {
    try (var looking = new Looking("end.")) {
      looking.all.deadLetters(10);
      var hours = new AtomicLong();
      var hasty =
          new KafkaLetterLog(
              Clients.REAL,
              looking.all.kafka,
              () -> NOW.plus(Duration.ofHours(hours.getAndIncrement())));
      try (LetterLog.Session session = hasty.open()) {
        Map<Integer, Span> all = Map.of(0, new Span(0, session.ends().get(0)));
        assertThat(session.read(all, Duration.ofMinutes(1), _ -> {})).isFalse();
      }
      var reading = new CountDownLatch(1);
      var ended = new AtomicReference<@Nullable Throwable>();
      Thread reader =
          Thread.ofVirtual()
              .start(() -> {
                try (LetterLog.Session session = looking.log.open()) {
                  // There is no such end yet, so it waits for it.
                  reading.countDown();
                  session.read(Map.of(0, new Span(0, 1_000)), PATIENCE, _ -> {});
                } catch (InterruptedException | RuntimeException e) {
                  ended.set(e);
                }
              });
      reading.await();
      reader.interrupt();
      reader.join();
      assertThat(ended.get()).isInstanceOf(InterruptedException.class);
    }
  }

  @Test
  void topicsOfMorePartitionsThanAreReadSideBySideAreReadWhole() throws Exception {
    var settings =
        Settings.of(
            Map.of(
                "kafka.bootstrap",
                broker.bootstrapServers(),
                "topics.prefix",
                "wide.",
                "topics.partitions",
                "40"));
    var kafka = KafkaConfig.read(settings.reader());
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .createTopics(List.of(new NewTopic(kafka.topics().deadLetters(), 40, (short) 1)))
          .all()
          .get();
    }
    var all = new ArrayList<LetterId>();
    try (Producer<byte[], byte[]> producer = Clients.REAL.producer(kafka.clientSettings("wide"))) {
      for (int i = 0; i < 120; i++) {
        var record =
            new ProducerRecord<byte[], byte[]>(
                kafka.topics().deadLetters(), i % 40, null, new byte[] {'{'});
        record.headers().add(RecordHeaders.DEAD_LETTER, Installation.bytes("poison"));
        var metadata = producer.send(record).get();
        all.add(new LetterId(metadata.partition(), metadata.offset()));
      }
    }
    LetterLogContract.check(new KafkaLetterLog(Clients.REAL, kafka, CLOCK), all);
  }
}
