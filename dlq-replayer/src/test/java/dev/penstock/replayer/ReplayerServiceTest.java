package dev.penstock.replayer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.lifecycle.Health;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.Refusal;
import dev.penstock.replayer.Installation.Place;
import dev.penstock.replayer.plan.PlanBook;
import dev.penstock.replayer.plan.PlanOrders;
import dev.penstock.replayer.plan.PlanTail;
import dev.penstock.replayer.replay.DecidedPartition;
import dev.penstock.replayer.replay.KafkaLogCutter;
import dev.penstock.replayer.replay.Pauses;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.KafkaPartitionLog;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.RecordHeaders;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The replayer against a real broker; each test has topics of its own. */
final class ReplayerServiceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Action REPLAY = new Action.Replay(3, null);
  private static final int MANY = 1_000_000;

  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static Installation all;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
    all = new Installation(broker, "p.");
  }

  @AfterAll
  static void stop() {
    all.close();
    broker.close();
  }

  private static void awaitDecided(String plan, long count) {
    await().atMost(PATIENCE).until(() -> all.decided(plan) == count);
  }

  /** That exactly these were put to the workers; the transaction may become visible by and by. */
  private static void assertReplayed(Collection<Job> jobs, Collection<String> generations) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(all.generations(jobs)).containsExactlyInAnyOrderElementsOf(generations));
  }

  @Test
  void selectedDeadLettersAreReplayedOnceAndOthersNot() {
    var jobs = new ArrayList<Job>();
    var places = new ArrayList<Place>();
    var expected = new ArrayList<String>();
    for (int i = 0; i < 40; i++) {
      Job job = Installation.job(null);
      jobs.add(job);
      Place place = all.deadLetter(job, i % 2);
      if (i % 4 > 0) {
        places.add(place);
        expected.add(job.id() + "/" + (i % 2 + 1));
      }
    }
    Job inLine = Installation.job(new Ordering("customer 7", Ordering.OnDeadLetter.BLOCK));
    places.add(all.deadLetter(inLine, 0));
    Place poison = all.poison(1);
    places.add(poison);
    var first = all.plan("first", places, MANY, REPLAY);
    try (ReplayerService replayer = all.replayer()) {
      awaitDecided("first", 32);
      // Another plan that has some of them finds them resolved.
      var second = all.plan("second", places.subList(0, 7), MANY, REPLAY);
      awaitDecided("second", 7);
      assertThat(replayer.health()).isInstanceOf(Health.Ready.class);
      all.end(first);
      all.end(second);
    }
    assertReplayed(jobs, expected);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(all.values(all.topics.ordered(), JsonCodec.ORDERED))
              .containsExactly(
                  new OrderedRecord.Enter(new JobRecord(inLine, 1, List.of(), null), "00-1-2-01"));
          assertThat(all.values(all.topics.accepted(), JsonCodec.JOB_RECORDS))
              .containsExactly(new JobRecord(inLine, 1, List.of(), null));
        });
    assertThat(all.read(all.topics.jobs()))
        .allSatisfy(record -> {
          assertThat(header(record, RecordHeaders.GENERATION)).matches("[12]");
          assertThat(header(record, RecordHeaders.ATTEMPT)).isEqualTo("1");
          assertThat(header(record, RecordHeaders.TRACEPARENT)).isEqualTo("00-1-2-01");
        });
    assertThat(refusals("first")).isEqualTo(Map.of(poison, Refusal.POISON));
    assertThat(refusals("second")).hasSize(7).containsValue(Refusal.ALREADY_RESOLVED);
    assertThat(refusals("second").values()).containsOnly(Refusal.ALREADY_RESOLVED);
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  private static Map<Place, Refusal> refusals(String plan) {
    var refusals = new HashMap<Place, Refusal>();
    for (ConsumerRecord<byte[], byte[]> record : all.read(all.topics.dlqLedger())) {
      if (JsonCodec.LEDGER.decode(record.value())
              instanceof Decoded.Value<LedgerRecord>(LedgerRecord.Refused refused)
          && refused.plan().text().equals(plan)) {
        refusals.put(new Place(record.partition(), refused.offset()), refused.reason());
      }
    }
    return refusals;
  }

  @Test
  void noMoreAreInFlightThanThePlanAllowsAndOutcomesAreCounted() {
    Map<Job, Place> jobs = all.deadLetters(4);
    var slow = all.plan("slow", List.copyOf(jobs.values()), 2, REPLAY);
    try (ReplayerService _ = all.replayer()) {
      var ended = new HashSet<String>();
      while (ended.size() < jobs.size()) {
        await().atMost(PATIENCE).until(() -> !open(jobs.keySet(), ended).isEmpty());
        List<String> open = open(jobs.keySet(), ended);
        assertThat(open).hasSizeLessThanOrEqualTo(2);
        for (String each : open) {
          ended.add(each);
          all.finished(JobId.of(each.substring(0, each.indexOf('/'))), 1);
        }
      }
      await()
          .atMost(PATIENCE)
          .until(() ->
              all.progress("slow").stream().mapToLong(each -> each.tally().succeeded()).sum()
                  == jobs.size());
      all.end(slow);
    }
    assertThat(all.generations(jobs.keySet())).hasSize(4).doesNotHaveDuplicates();
  }

  private static List<String> open(Collection<Job> jobs, Set<String> ended) {
    return all.generations(jobs).stream().filter(each -> !ended.contains(each)).toList();
  }

  /** Ends the life of whoever works with a producer, like a kill: nothing after it is done. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1L;

    Killed() {
      super("killed", null, false, false);
    }
  }

  /** Clients of a process that dies at its n-th commit, before or after it. */
  private record MortalClients(AtomicInteger commitsLeft, boolean after) implements Clients {
    @Override
    @SuppressWarnings("unchecked")
    public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
      Producer<byte[], byte[]> real = Clients.REAL.producer(settings);
      return (Producer<byte[], byte[]>)
          Proxy.newProxyInstance(
              MortalClients.class.getClassLoader(),
              new Class<?>[] {Producer.class},
              (_, method, arguments) -> {
                boolean dies =
                    method.getName().equals("commitTransaction")
                        && commitsLeft.decrementAndGet() < 0;
                if (dies && !after) {
                  throw new Killed();
                }
                try {
                  Object answer = method.invoke(real, arguments);
                  if (dies) {
                    throw new Killed();
                  }
                  return answer;
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    @Override
    public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
      return Clients.REAL.consumer(settings);
    }
  }

  @Test
  void aReplayerThatIsKilledAtACommitNeitherLosesNorDoublesAReplay() throws Exception {
    Map<Job, Place> jobs = all.deadLetters(2_400);
    jobs.values().removeIf(place -> place.partition() != 0);
    var plan = all.plan("killed", List.copyOf(jobs.values()), MANY, REPLAY);
    int lives = 0;
    int deaths = 0;
    while (all.decided("killed") < jobs.size()) {
      assertThat(++lives).isLessThan(20);
      deaths += lives(new MortalClients(new AtomicInteger(lives % 2), lives % 2 == 0), jobs.size());
    }
    all.end(plan);
    assertThat(deaths).isGreaterThanOrEqualTo(2);
    assertReplayed(jobs.keySet(), jobs.keySet().stream().map(job -> job.id() + "/1").toList());
  }

  /** One life of the decider of partition 0, at most until it dies; how often it was killed. */
  private static int lives(Clients clients, long count) throws InterruptedException {
    var book = new PlanBook(new SubmissionReader(Contract.load(), InstantSource.system()));
    try (var tail = new PlanTail(Clients.REAL, all.kafka, book, Pauses.REAL)) {
      Thread.ofVirtual().start(tail);
      var decided =
          new DecidedPartition(
              0,
              new DecidedPartition.Parts(
                  all.topics,
                  () ->
                      new KafkaPartitionLog(
                          clients,
                          all.kafka,
                          Duration.ofSeconds(10),
                          new TopicPartition(all.topics.dlqLedger(), 0),
                          "dlq"),
                  new KafkaLogCutter(all.kafka, Duration.ofSeconds(10)),
                  all::consumer,
                  new PlanOrders(book, tail),
                  InstantSource.system(),
                  Pauses.REAL,
                  Duration.ofMillis(100),
                  DecidedPartition.Witness.NONE));
      var killed = new AtomicInteger();
      Thread life =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  decided.run();
                } catch (Killed _) {
                  killed.incrementAndGet();
                }
              });
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (life.isAlive() && System.nanoTime() < deadline && all.decided("killed") < count) {
        Thread.sleep(50);
      }
      decided.stop();
      life.join();
      return killed.get();
    }
  }

  @Test
  void whatIsCutFromTheLogIsGoneAndHoldsNothingUp() throws Exception {
    var jobs = new ArrayList<Job>();
    var places = new ArrayList<Place>();
    while (places.size() < 4) {
      Job job = Installation.job(null);
      Place place = all.deadLetter(job, 0);
      if (place.partition() == 0) {
        jobs.add(job);
        places.add(place);
      }
    }
    try (Admin admin = Admin.create(all.kafka.clientSettings("cutter"))) {
      admin
          .deleteRecords(
              Map.of(
                  new TopicPartition(all.topics.deadLetters(), 0),
                  RecordsToDelete.beforeOffset(places.get(2).offset())))
          .all()
          .get();
    }
    var cut = all.plan("cut", places, MANY, REPLAY);
    try (ReplayerService _ = all.replayer()) {
      awaitDecided("cut", 4);
      all.end(cut);
    }
    assertReplayed(jobs, List.of(jobs.get(2).id() + "/1", jobs.get(3).id() + "/1"));
    assertThat(refusals("cut"))
        .isEqualTo(Map.of(places.get(0), Refusal.GONE, places.get(1), Refusal.GONE));
  }

  @Test
  void aZombieWritesNothing() throws Exception {
    var partition = new TopicPartition(all.topics.dlqLedger(), 0);
    try (var zombie = new KafkaPartitionLog(all.kafka, Duration.ofSeconds(10), partition, "z");
        var next = new KafkaPartitionLog(all.kafka, Duration.ofSeconds(10), partition, "z")) {
      zombie.open(null, _ -> {});
      next.open(null, _ -> {});
      var record =
          new ProducerRecord<>(
              all.topics.progress(), Installation.bytes("k"), Installation.bytes("v"));
      assertThat(zombie.commit(List.of(record))).isInstanceOf(Commit.Fenced.class);
      assertThat(next.commit(List.of(record))).isInstanceOf(Commit.Committed.class);
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(all.read(all.topics.progress())).hasSize(1));
  }

  @Test
  void twoReplayersShareThePartitionsAndOneTakesOverFromTheOther() {
    Map<Job, Place> jobs = all.deadLetters(300);
    List<Place> places = List.copyOf(jobs.values());
    ReplayerService one = all.replayer();
    try (ReplayerService _ = all.replayer()) {
      var shared = all.plan("shared", places.subList(0, 150), MANY, REPLAY);
      awaitDecided("shared", 150);
      var after = all.plan("after", places.subList(100, 300), MANY, REPLAY);
      one.close();
      awaitDecided("after", 200);
      all.end(shared);
      all.end(after);
    } finally {
      one.close();
    }
    assertReplayed(jobs.keySet(), jobs.keySet().stream().map(job -> job.id() + "/1").toList());
    assertThat(refusals("after").values()).hasSize(50).containsOnly(Refusal.ALREADY_RESOLVED);
  }
}
