package dev.penstock.streams.figures;

import static dev.penstock.streams.Lives.T0;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.streams.Lives;
import dev.penstock.streams.figures.Figures.Count;
import dev.penstock.streams.figures.History.Written;
import dev.penstock.streams.topology.JobTopology;
import dev.penstock.streams.topology.RecordMeters;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FigureTopologyTest {
  private static final List<Dimension> ALL =
      List.of(
          Dimension.TENANT,
          Dimension.MODEL,
          Dimension.PROVIDER,
          Dimension.PROVIDER_MODEL,
          Dimension.KIND,
          Dimension.OUTCOME);

  /** So short that a history of some hours outlives it. */
  private static final Retentions SHORT =
      new Retentions(Duration.ofMinutes(20), Duration.ofHours(1), Duration.ofHours(2));

  @TempDir Path directory;
  private final Topics topics = Topics.defaults();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private FigureBoard board = new FigureBoard(Retentions.DEFAULT, registry);
  private @Nullable TopologyTestDriver driver;
  private int drivers;

  @AfterEach
  void stop() {
    if (driver != null) {
      driver.close();
    }
  }

  @Test
  void whatHappensToAJobIsCountedInItsWindow() {
    start(Retentions.DEFAULT);
    Job job = Lives.job(T0);
    send(Input.JOBS, T0, JobRecord.accepted(job));
    send(Input.EVENTS, T0.plusSeconds(9), Lives.retried(job.id(), 0, 1, T0.plusSeconds(9)));
    send(Input.EVENTS, T0.plusSeconds(61), Lives.succeeded(job.id(), 0, 2, T0.plusSeconds(61)));
    NavigableMap<Long, Figures> minutes = only(WindowSize.MINUTE);
    assertThat(minutes.keySet())
        .containsExactly(T0.toEpochMilli(), T0.plusSeconds(60).toEpochMilli());
    Figures first = minutes.firstEntry().getValue();
    assertThat(first.count(Count.ACCEPTED)).isEqualTo(1);
    assertThat(first.count(Count.RETRIED)).isEqualTo(1);
    assertThat(first.failed()).containsExactly(Map.entry("retryable", 1L));
    assertThat(first.queueWait().quantileMicros(0.5)).isBetween(7_900_000L, 8_100_000L);
    Figures second = minutes.lastEntry().getValue();
    assertThat(second.count(Count.SUCCEEDED)).isEqualTo(1);
    assertThat(second.count(Count.CALLS)).isEqualTo(1);
    assertThat(second.providerLatency().count()).isEqualTo(1);
    assertThat(second.totalLatency().sumMicros()).isEqualTo(61_000_000);
    assertThat(only(WindowSize.TEN_SECONDS)).hasSize(2);
    assertThat(only(WindowSize.HOUR)).hasSize(1);
    assertThat(board.jobs().jobs())
        .containsExactly(
            Map.entry(new JobCounts.Place("succeeded", "default", "local", "detect-language"), 1L));
  }

  @Test
  void aJobThatNoProviderServesIsNoCallOfOne() {
    start(Retentions.DEFAULT);
    Job job = Lives.job(T0);
    var reason = new Failure.NoProvider("no provider of this worker serves 'nosuch'");
    var refusal = new Attempt(1, "nosuch", "w1", T0.plusSeconds(1), Duration.ZERO, reason);
    send(Input.JOBS, T0, JobRecord.accepted(job));
    send(
        Input.EVENTS,
        T0.plusSeconds(1),
        new JobEvent.Finished(
            job.id(), 0, List.of(refusal), new Outcome.DeadLettered(reason), T0.plusSeconds(1)));
    var byProvider =
        board
            .series(
                new SeriesQuery(
                    WindowSize.HOUR, 0, Long.MAX_VALUE, List.of(Dimension.PROVIDER), Map.of()))
            .series();
    assertThat(byProvider.keySet()).containsExactly(List.of(""));
    Figures hour = only(WindowSize.HOUR).firstEntry().getValue();
    assertThat(hour.count(Count.CALLS)).isZero();
    assertThat(hour.providerLatency().count()).isZero();
    assertThat(hour.failed()).containsExactly(Map.entry("no_provider", 1L));
    assertThat(hour.count(Count.DEAD_LETTERED)).isEqualTo(1);
    assertThat(board.failures().rows().keySet())
        .allMatch(group -> group.toString().contains("no_provider"))
        .noneMatch(group -> group.toString().contains("provider=nosuch"));
  }

  @Test
  void anyOrderOfTheTopicsGivesTheFiguresThatAreRecomputed() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 2; round++) {
      List<Written> records = History.of(120, T0, Duration.ofHours(4), random);
      var expected = new Recomputed(records, SHORT);
      start(SHORT);
      records.forEach(this::send);
      assertEqual(expected, "seed " + seed + ", in order");
      start(SHORT);
      var shuffled = new ArrayList<>(records);
      Collections.shuffle(shuffled, random);
      shuffled.forEach(this::send);
      assertEqual(expected, "seed " + seed + ", round " + round);
    }
  }

  @Test
  void whatIsReadLateOfAGenerationThatIsOverIsCountedOnce() {
    start(Retentions.DEFAULT);
    Job job = Lives.job(T0);
    send(Input.EVENTS, T0.plusSeconds(5), Lives.deadLettered(job.id(), 0, T0.plusSeconds(5)));
    send(Input.JOBS, T0.plusSeconds(20), new JobRecord(job, 1, List.of(), null));
    send(Input.EVENTS, T0.plusSeconds(25), Lives.succeeded(job.id(), 1, 1, T0.plusSeconds(25)));
    send(Input.JOBS, T0, JobRecord.accepted(job));
    send(Input.ACCEPTED, T0, JobRecord.accepted(job));
    Figures hour = only(WindowSize.HOUR).firstEntry().getValue();
    assertThat(hour.count(Count.ACCEPTED)).isEqualTo(2);
    assertThat(hour.count(Count.DEAD_LETTERED)).isEqualTo(1);
    assertThat(hour.count(Count.SUCCEEDED)).isEqualTo(1);
    assertThat(hour.totalLatency().count()).isEqualTo(2);
    // What its attempt failed for, and what it was dead-lettered for.
    assertThat(board.failures().rows().values())
        .hasSize(2)
        .allMatch(group -> group.count() == 1 && group.jobs() == 0);
  }

  @Test
  void whatComesAfterItsWindowWasDroppedIsCountedAsLate() {
    start(Retentions.DEFAULT);
    Job early = Lives.job(T0);
    Instant later = T0.plus(Duration.ofHours(3));
    send(Input.JOBS, later, JobRecord.accepted(Lives.job(later)));
    send(Input.JOBS, later, JobRecord.accepted(early));
    assertThat(only(WindowSize.TEN_SECONDS)).hasSize(1);
    assertThat(only(WindowSize.MINUTE)).hasSize(2);
    assertThat(late("10s")).isEqualTo(1);
    assertThat(late("1m")).isZero();
  }

  @Test
  void windowsAreDeletedWhenTheirTimeIsOver() {
    start(SHORT);
    send(Input.JOBS, T0, JobRecord.accepted(Lives.job(T0)));
    Instant later = T0.plus(Duration.ofHours(5));
    send(Input.JOBS, later, JobRecord.accepted(Lives.job(later)));
    driver().advanceWallClockTime(FigureProcessor.SWEEP_PERIOD);
    var store = (FigureStore) driver().getAllStateStores().get(FigureTopology.FIGURES);
    try (var all = java.util.Objects.requireNonNull(store).wrapped().all()) {
      all.forEachRemaining(each -> {
        if (CellKey.kindOf(each.key) == CellKey.WINDOW) {
          assertThat(CellKey.startOf(each.key)).isEqualTo(later.toEpochMilli());
        }
      });
    }
  }

  @Test
  void timesThatNoClockShowsAreCountedAsAhead() {
    start(Retentions.DEFAULT);
    Job job = Lives.job(T0);
    send(Input.JOBS, T0, JobRecord.accepted(job));
    send(Input.EVENTS, T0, Lives.succeeded(job.id(), 0, 1, Instant.MAX));
    assertThat(late("ahead")).isPositive();
    assertThat(only(WindowSize.HOUR)).hasSize(1);
  }

  @Test
  void whatChangedIsWrittenBeforeEachCommit() {
    start(Retentions.DEFAULT);
    send(Input.JOBS, T0, JobRecord.accepted(Lives.job(T0)));
    // The driver commits after each record, as Kafka Streams does each 100 ms.
    var store = (FigureStore) driver().getAllStateStores().get(FigureTopology.FIGURES);
    long written = 0;
    try (var all = java.util.Objects.requireNonNull(store).wrapped().all()) {
      while (all.hasNext()) {
        all.next();
        written++;
      }
    }
    // Three windows, the state, the second it is queued since, and the time of the stream.
    assertThat(written).isEqualTo(6);
  }

  @Test
  void whereThereAreNoFiguresYetTheyAreMadeOfTheLives() {
    start(Retentions.DEFAULT);
    Job waiting = Lives.job(T0);
    Job done = Lives.job(T0.plusSeconds(1));
    send(Input.JOBS, T0, JobRecord.accepted(waiting));
    send(Input.JOBS, T0.plusSeconds(1), JobRecord.accepted(done));
    // As an earlier version left it.
    var store = (FigureStore) driver().getAllStateStores().get(FigureTopology.FIGURES);
    var kept = java.util.Objects.requireNonNull(store).wrapped();
    try (var all = kept.all()) {
      all.forEachRemaining(each -> kept.delete(each.key));
    }
    store.clearCache();
    store.open();
    assertThat(board.jobs().jobs()).isEmpty();
    send(Input.EVENTS, T0.plusSeconds(9), Lives.succeeded(done.id(), 0, 1, T0.plusSeconds(9)));
    assertThat(board.jobs().jobs().values()).containsExactly(1L, 1L);
    Figures hour = only(WindowSize.HOUR).firstEntry().getValue();
    assertThat(hour.count(Count.ACCEPTED)).isEqualTo(2);
    assertThat(hour.count(Count.SUCCEEDED)).isEqualTo(1);
  }

  @Test
  void aDroppedJobIsNoLongerAmongThoseThatAreThereAndStaysInTheWindows() {
    start(Retentions.DEFAULT);
    Instant ended = Instant.now().minus(Duration.ofDays(8));
    Job job = Lives.job(ended);
    send(Input.JOBS, ended, JobRecord.accepted(job));
    send(Input.EVENTS, ended, Lives.deadLettered(job.id(), 0, ended));
    send(Input.JOBS, ended, new JobRecord(job, 1, List.of(), null));
    send(Input.EVENTS, ended, Lives.deadLettered(job.id(), 1, ended));
    assertThat(board.jobs().jobs()).hasSize(1);
    driver().advanceWallClockTime(Duration.ofSeconds(1));
    assertThat(board.jobs().jobs()).isEmpty();
    assertThat(board.failures().rows().values()).allMatch(row -> row.jobs() == 0);
    assertThat(only(WindowSize.HOUR).firstEntry().getValue().count(Count.DEAD_LETTERED))
        .isEqualTo(2);
  }

  private void assertEqual(Recomputed expected, String as) {
    for (WindowSize size : WindowSize.values()) {
      SeriesTable table = board.series(new SeriesQuery(size, 0, Long.MAX_VALUE, ALL, Map.of()));
      assertThat(
              Recomputed.differences(
                  expected.windows(size),
                  Recomputed.text(SeriesTable.read(table.toBytes()).series())))
          .as(as + ", " + size)
          .isEmpty();
    }
    assertThat(JobCounts.read(board.jobs().toBytes()).jobs()).as(as).isEqualTo(expected.jobs());
    assertThat(board.jobs().oldestQueuedSecond()).as(as).isEqualTo(expected.oldestQueued());
    assertThat(Recomputed.text(FailureTable.read(board.failures().toBytes())))
        .as(as)
        .isEqualTo(expected.failures());
  }

  private double late(String window) {
    return registry.get("penstock.streams.late.records").tag("window", window).counter().count();
  }

  private NavigableMap<Long, Figures> only(WindowSize size) {
    return board
        .series(new SeriesQuery(size, 0, Long.MAX_VALUE, List.of(), Map.of()))
        .series()
        .getOrDefault(List.of(), new TreeMap<>());
  }

  private void start(Retentions retentions) {
    stop();
    board = new FigureBoard(retentions, registry);
    var properties = new Properties();
    properties.setProperty(StreamsConfig.APPLICATION_ID_CONFIG, "test" + drivers++);
    properties.setProperty(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    properties.setProperty(StreamsConfig.STATE_DIR_CONFIG, directory.resolve("state").toString());
    var hub = new ChangeHub();
    Topology topology =
        JobTopology.build(
            topics,
            Duration.ofDays(7),
            new ViewProgress(hub),
            hub,
            new RecordMeters(new SimpleMeterRegistry()));
    FigureTopology.addTo(topology, JobTopology.FOLD, JobTopology.LIVES, board);
    driver = new TopologyTestDriver(topology, properties);
  }

  private TopologyTestDriver driver() {
    return java.util.Objects.requireNonNull(driver);
  }

  private void send(Input input, Instant at, Object value) {
    send(new Written(input, at, value));
  }

  private void send(Written record) {
    driver()
        .createInputTopic(
            record.input().topic(topics), new ByteArraySerializer(), new ByteArraySerializer())
        .pipeInput(new TestRecord<>(record.key(), record.bytes(), record.at()));
  }
}
