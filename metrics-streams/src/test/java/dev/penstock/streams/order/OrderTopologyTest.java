package dev.penstock.streams.order;

import static dev.penstock.streams.order.OrderedJobs.cancel;
import static dev.penstock.streams.order.OrderedJobs.cancelled;
import static dev.penstock.streams.order.OrderedJobs.enter;
import static dev.penstock.streams.order.OrderedJobs.release;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Failure;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Outcome;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OrderTopologyTest {
  private static final byte[] JUNK = {1, 2, 3};

  @TempDir Path directory;
  private final Topics topics = Topics.defaults();
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> ordered;

  @BeforeEach
  void start() {
    var properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, topics.orderApplication());
    properties.put(StreamsConfig.STATE_DIR_CONFIG, directory.toString());
    driver =
        new TopologyTestDriver(
            OrderTopology.build(topics, new OrderMeters(new SimpleMeterRegistry())), properties);
    ordered =
        driver.createInputTopic(
            topics.ordered(), new ByteArraySerializer(), new ByteArraySerializer());
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  @Test
  void theHeadStandsOnTheJobsTopicUnderItsIdWithItsTrace() {
    OrderedRecord.Enter job = enter("a");
    send("a", job);
    TestRecord<byte[], byte[]> record = jobs().getFirst();
    assertThat(text(record.key())).isEqualTo(job.jobId().toString());
    assertThat(value(record)).isEqualTo(job.record());
    assertThat(header(record, RecordHeaders.GENERATION)).isEqualTo("0");
    assertThat(header(record, RecordHeaders.ATTEMPT)).isEqualTo("1");
    assertThat(header(record, RecordHeaders.TRACEPARENT)).isEqualTo(OrderedJobs.TRACE);
  }

  @Test
  void linesInWhichOthersWaitBehindAHeadThatStandsAreSeen() {
    OrderedRecord.Enter head = enter("a");
    send("a", head);
    send("a", enter("a"));
    send("a", enter("a"));
    // Nobody waits behind this one; and one whose key is another's beginning.
    send("b", enter("b"));
    OrderedRecord.Enter moving = enter("a ");
    send("a ", moving);
    send("a ", enter("a "));
    KeyValueStore<Bytes, byte[]> store =
        Objects.requireNonNull(driver.getKeyValueStore(OrderTopology.LINE));
    var first = new HashMap<String, Line.Head>();
    var held = new ArrayList<HeldLines.Held>();
    HeldLines.look(store, Map.of(), first, held);
    assertThat(first.keySet()).containsExactlyInAnyOrder("a", "a ", "b");
    assertThat(held).isEmpty();
    send("a ", release(moving));
    HeldLines.look(store, first, new HashMap<>(), held);
    assertThat(held).containsExactly(new HeldLines.Held("a", head.jobId(), 0, 2));
  }

  @Test
  void manyWaitAndLeaveInTheirOrderAndTheStoreIsEmptyThen() {
    var line = new ArrayList<OrderedRecord.Enter>();
    for (int i = 0; i < 2_000; i++) {
      line.add(enter("a"));
      send("a", line.getLast());
    }
    // A key that the other's rows lie around, and one that is its prefix.
    OrderedRecord.Enter neighbour = enter("a ");
    send("a ", neighbour);
    assertThat(jobs()).hasSize(2);
    for (int i = 0; i < line.size(); i++) {
      send("a", release(line.get(i)));
      List<JobRecord> next = jobs().stream().map(OrderTopologyTest::value).toList();
      assertThat(next)
          .isEqualTo(i + 1 < line.size() ? List.of(line.get(i + 1).record()) : List.of());
    }
    send("a ", release(neighbour));
    assertThat(rows()).isZero();
  }

  @Test
  void aJobThatIsCancelledWhileItWaitsLeavesMarkedAndLeavesNothingBehind() {
    OrderedRecord.Enter head = enter("a");
    OrderedRecord.Enter waiting = enter("a");
    send("a", head);
    send("a", waiting);
    jobs();
    send("a", cancel(waiting));
    assertThat(jobs().stream().map(OrderTopologyTest::value))
        .containsExactly(cancelled(waiting).record());
    send("a", release(head));
    assertThat(jobs()).isEmpty();
    assertThat(rows()).isZero();
  }

  @Test
  void theStoredLineDecidesAsTheOneInMemory() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var memory = new Sequencer(new MapLine());
    var sent = new ArrayList<OrderedRecord.Enter>();
    List<String> keys = List.of("a", "aa", "b");
    for (int i = 0; i < 2_000; i++) {
      String key = keys.get(random.nextInt(keys.size()));
      OrderedRecord record;
      if (sent.isEmpty() || random.nextInt(3) == 0) {
        record = enter(key);
        sent.add((OrderedRecord.Enter) record);
      } else {
        OrderedRecord.Enter of = sent.get(random.nextInt(sent.size()));
        key = Objects.requireNonNull(of.record().job().ordering()).key();
        record = random.nextInt(4) == 0 ? cancel(of) : release(of);
      }
      Sequencer.Step step = memory.take(key, i, record);
      send(key, record);
      List<JobRecord> expected =
          step instanceof Sequencer.Step.Through(OrderedRecord.Enter job)
              ? List.of(job.record())
              : List.of();
      assertThat(jobs().stream().map(OrderTopologyTest::value))
          .as("seed %d, step %d", seed, i)
          .isEqualTo(expected);
    }
  }

  @Test
  void whatCannotBeReadGoesToTheDeadLettersByteForByteAndStopsNothing() {
    OrderedRecord.Enter job = enter("a");
    pipe("a", JUNK);
    pipe(null, JsonCodec.ORDERED.encode(job));
    send("another", job);
    send("a", job);
    List<TestRecord<byte[], byte[]>> letters = read(topics.deadLetters());
    assertThat(letters).hasSize(3);
    assertThat(letters.getFirst().value()).isEqualTo(JUNK);
    assertThat(text(letters.getFirst().key())).isEqualTo("a");
    assertThat(header(letters.getFirst(), RecordHeaders.DEAD_LETTER)).isEqualTo("poison");
    assertThat(header(letters.getFirst(), RecordHeaders.ORIGIN)).isEqualTo("penstock.ordered:0:0");
    assertThat(letters)
        .allSatisfy(letter -> assertThat(header(letter, RecordHeaders.REASON)).isNotBlank());
    assertThat(read(topics.events())).isEmpty();
    assertThat(jobs()).hasSize(1);
  }

  @Test
  void anUnreadableJobThatPenstockWroteEndsAndOneThatOnlyTellsOfAJobDoesNot() {
    OrderedRecord.Enter job = enter("a");
    var enter = new TestRecord<>(text("a"), JUNK);
    enter.headers().add(RecordHeaders.JOB_ID, text(job.jobId().toString()));
    enter.headers().add(RecordHeaders.GENERATION, text("0"));
    ordered.pipeInput(enter);
    assertThat(read(topics.events())).isEmpty();
    enter.headers().add(RecordHeaders.ATTEMPT, text("1"));
    ordered.pipeInput(enter);
    assertThat(read(topics.events()))
        .singleElement()
        .satisfies(record -> {
          var event = ((Decoded.Value<JobEvent>) JsonCodec.EVENTS.decode(record.value())).value();
          assertThat(event.jobId()).isEqualTo(job.jobId());
          assertThat(((JobEvent.Finished) event).outcome())
              .isInstanceOfSatisfying(
                  Outcome.DeadLettered.class,
                  end -> assertThat(end.reason()).isInstanceOf(Failure.Undecodable.class));
        });
  }

  private void send(String key, OrderedRecord record) {
    pipe(key, JsonCodec.ORDERED.encode(record));
  }

  @SuppressWarnings("NullAway") // records may have no key
  private void pipe(@Nullable String key, byte[] value) {
    ordered.pipeInput(key == null ? null : text(key), value);
  }

  private List<TestRecord<byte[], byte[]>> jobs() {
    return read(topics.jobs());
  }

  private final Map<String, TestOutputTopic<byte[], byte[]>> outputs = new java.util.HashMap<>();

  private List<TestRecord<byte[], byte[]>> read(String topic) {
    return outputs
        .computeIfAbsent(
            topic,
            _ ->
                driver.createOutputTopic(
                    topic, new ByteArrayDeserializer(), new ByteArrayDeserializer()))
        .readRecordsToList();
  }

  private int rows() {
    KeyValueStore<Bytes, byte[]> store = driver.getKeyValueStore(OrderTopology.LINE);
    int rows = 0;
    try (KeyValueIterator<Bytes, byte[]> all = store.all()) {
      for (; all.hasNext(); all.next()) {
        rows++;
      }
    }
    return rows;
  }

  private static JobRecord value(TestRecord<byte[], byte[]> record) {
    return ((Decoded.Value<JobRecord>) JsonCodec.JOB_RECORDS.decode(record.value())).value();
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return text(Objects.requireNonNull(record.headers().lastHeader(name)).value());
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
