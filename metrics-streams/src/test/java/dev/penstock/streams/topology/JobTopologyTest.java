package dev.penstock.streams.topology;

import static dev.penstock.streams.Lives.T0;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobResult;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.streams.Lives;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JobTopologyTest {
  private static final Duration RETENTION = Duration.ofDays(7);

  @TempDir Path directory;
  private final Topics topics = Topics.defaults();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ChangeHub hub = new ChangeHub();
  private final ViewProgress progress = new ViewProgress(hub);
  private @Nullable TopologyTestDriver running;

  @AfterEach
  void stop() {
    driver().close();
  }

  @Test
  void theStoresHoldTheFoldOfAllTopics() {
    Job job = Lives.job(T0);
    send(JobRecord.accepted(job));
    send(Lives.started(job.id(), 0, 1, "w1", T0.plusSeconds(1)));
    send(Lives.cancel(job.id(), 0, T0.plusSeconds(1)));
    send(Lives.succeeded(job.id(), 0, 1, T0.plusSeconds(2)));
    JobLife life = life(job.id());
    assertThat(life.state().wireName()).isEqualTo("succeeded");
    assertThat(life.isCancelRequested()).isTrue();
    assertThat(result(job.id()).output()).isEqualTo(Lives.output());
  }

  @Test
  void aReplayTakesTheOldResultAway() {
    Job job = Lives.job(T0);
    send(JobRecord.accepted(job));
    send(Lives.deadLettered(job.id(), 0, T0.plusSeconds(1)));
    assertThat(result(job.id()).state()).isEqualTo("dead-lettered");
    send(new JobRecord(job, 1, List.of(), null));
    assertThat(results().get(job.id())).isNull();
    send(Lives.succeeded(job.id(), 1, 1, T0.plusSeconds(5)));
    assertThat(result(job.id()).generation()).isEqualTo(1);
  }

  @Test
  void anyInterleavingOfTheTopicsGivesTheSameStores() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 100; round++) {
      Job job = Lives.job(T0);
      List<Object> records = Lives.random(job, random);
      records.forEach(this::send);
      JobLife expected = life(job.id());
      byte[] expectedResult = results().get(job.id());
      lives().delete(job.id());
      results().delete(job.id());
      var shuffled = new ArrayList<>(records);
      Collections.shuffle(shuffled, random);
      shuffled.forEach(this::send);
      // Entry times of replays are append times, which the driver advances by itself.
      assertThat(withoutEntry(life(job.id())))
          .as("seed %d, round %d", seed, round)
          .isEqualTo(withoutEntry(expected));
      assertThat(results().get(job.id()))
          .as("seed %d, round %d", seed, round)
          .isEqualTo(expectedResult);
    }
  }

  @Test
  void aRequestToCancelThatIsTakenOffTheTopicIsNotUnreadable() {
    pipe(Input.CONTROL, Lives.job(T0).id().toString(), null);
    pipe(Input.CONTROL, RetryNowRequest.key(Lives.job(T0).id()), null);
    assertThat(count("control", "unreadable")).isZero();
    assertThat(count("control", "known")).isEqualTo(2);
  }

  @Test
  void jobsOfEveryPriorityAreFolded() {
    for (Input input : Input.submissions()) {
      Job job = Lives.job(T0);
      pipe(input, job.id().toString(), JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job)));
      assertThat(life(job.id()).state().wireName()).isEqualTo("queued");
    }
  }

  @Test
  void whatCannotBeReadIsCountedAndSkipped() {
    Job job = Lives.job(T0);
    String id = job.id().toString();
    byte[] good = JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job));
    pipe(Input.JOBS, id, null);
    pipe(Input.JOBS, id, bytes(""));
    pipe(Input.JOBS, id, bytes("not json"));
    pipe(Input.JOBS, id, bytes("{\"v\":99}"));
    pipe(Input.JOBS, id, bytes("[".repeat(10_000)));
    pipe(Input.JOBS, id, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    pipe(Input.JOBS, id, bytes(new String(good, StandardCharsets.UTF_8).replace("2026", "1e99")));
    pipe(Input.JOBS, null, good);
    pipe(Input.JOBS, "another key", good);
    pipe(Input.EVENTS, id, good);
    pipe(
        Input.EVENTS,
        id,
        JsonCodec.EVENTS.encode(Lives.started(job.id(), 0, Job.MAX_ATTEMPTS + 1, "w", T0)));
    pipe(Input.EVENTS, id, JsonCodec.EVENTS.encode(Lives.started(job.id(), -1, 1, "w", T0)));
    pipe(Input.CONTROL, id, bytes(""));
    pipe(Input.CONTROL, id, JsonCodec.CANCEL_REQUESTS.encode(Lives.cancel(job.id(), -1, T0)));
    // Requests of either kind stand under the key of their kind, and of their own job.
    byte[] now = JsonCodec.RETRY_NOW_REQUESTS.encode(new RetryNowRequest(job.id(), 0, 0, T0));
    pipe(Input.CONTROL, id, now);
    pipe(Input.CONTROL, RetryNowRequest.key(Lives.job(T0).id()), now);
    assertThat(count("jobs", "unreadable")).isEqualTo(9);
    assertThat(count("events", "unreadable")).isEqualTo(3);
    assertThat(count("control", "unreadable")).isEqualTo(4);
    assertThat(lives().get(job.id())).isNull();
    send(JobRecord.accepted(job));
    assertThat(life(job.id()).isShown()).isTrue();
    assertThat(progress.of(0).orElseThrow().input(Input.JOBS).position()).isEqualTo(10);
  }

  @Test
  void timesThatNoClockShowsStopNothing() {
    Job job = Lives.job(T0);
    String good =
        new String(
            JsonCodec.EVENTS.encode(Lives.retried(job.id(), 0, 1, T0)), StandardCharsets.UTF_8);
    String id = job.id().toString();
    for (String time :
        List.of("1e999", "-1e999", "9223372036854775807", "\"+999999999-12-31T23:59:59Z\"", "0")) {
      pipe(Input.EVENTS, id, bytes(good.replaceAll("\"at\":[^,}]+", "\"at\":" + time)));
      pipe(Input.EVENTS, id, bytes(good.replaceAll("\"dueAt\":[^,}]+", "\"dueAt\":" + time)));
      pipe(Input.EVENTS, id, bytes(good.replaceAll("\"latency\":[^,}]+", "\"latency\":" + time)));
    }
    send(JobRecord.accepted(job));
    assertThat(life(job.id()).isShown()).isTrue();
  }

  @Test
  void finishedJobsAreDroppedAfterTheirRetentionAndNoOthers() {
    Instant now = driverTime();
    Job finished = Lives.job(now.minus(Duration.ofDays(8)));
    Job waiting = Lives.job(now.minus(Duration.ofDays(8)));
    Job slow = Lives.job(now.minus(Duration.ofDays(8)));
    Job orphan = Lives.job(now.minus(Duration.ofDays(8)));
    Job fresh = Lives.job(now.minus(Duration.ofDays(1)));
    send(JobRecord.accepted(finished));
    send(Lives.succeeded(finished.id(), 0, 1, now.minus(RETENTION).minusSeconds(1)));
    send(JobRecord.accepted(waiting));
    send(JobRecord.accepted(slow));
    send(Lives.succeeded(slow.id(), 0, 1, now.minus(Duration.ofDays(6))));
    send(Lives.started(orphan.id(), 0, 1, "w", now.minus(RETENTION).minusSeconds(1)));
    send(JobRecord.accepted(fresh));
    send(Lives.succeeded(fresh.id(), 0, 1, now.minus(Duration.ofHours(1))));
    driver().advanceWallClockTime(Retention.PERIOD);
    assertThat(lives().get(finished.id())).isNull();
    assertThat(results().get(finished.id())).isNull();
    assertThat(lives().get(orphan.id())).isNull();
    assertThat(lives().get(waiting.id())).isNotNull();
    assertThat(result(slow.id())).isNotNull();
    assertThat(result(fresh.id())).isNotNull();
  }

  @Test
  void oneTurnOfTheRetentionIsBoundedAndTheNextGoesOn() {
    Instant now = driverTime();
    int jobs = 2 * Retention.JOBS_PER_TURN + 10;
    for (int i = 0; i < jobs; i++) {
      Job job = Lives.job(now.minus(Duration.ofDays(8)).plusMillis(i));
      // Every second one has not ended, so the next turn must not begin at the start again.
      send(JobRecord.accepted(job));
      if (i % 2 == 0) {
        send(Lives.succeeded(job.id(), 0, 1, now.minus(Duration.ofDays(8))));
      }
    }
    driver().advanceWallClockTime(Retention.PERIOD);
    assertThat(dropped()).isEqualTo(Retention.JOBS_PER_TURN / 2);
    driver().advanceWallClockTime(Retention.PERIOD);
    driver().advanceWallClockTime(Retention.PERIOD);
    assertThat(dropped()).isEqualTo(jobs / 2);
  }

  @Test
  void thePartitionIsGivenUpWhenTheTaskCloses() {
    assertThat(driver().getAllStateStores()).hasSize(2);
    var stay = progress.of(0).orElseThrow();
    assertThat(stay.isOver()).isFalse();
    driver().close();
    running = null;
    assertThat(stay.isOver()).isTrue();
    assertThat(progress.of(0)).isEmpty();
  }

  private TopologyTestDriver driver() {
    if (running == null) {
      running = made();
    }
    return running;
  }

  private TopologyTestDriver made() {
    var properties = new Properties();
    properties.setProperty(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.setProperty(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    properties.setProperty(StreamsConfig.STATE_DIR_CONFIG, directory.resolve("state").toString());
    properties.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDbMemory.class);
    return new TopologyTestDriver(
        JobTopology.build(topics, RETENTION, progress, hub, new RecordMeters(registry)),
        properties);
  }

  private void send(Object record) {
    switch (record) {
      case JobRecord accepted ->
          pipe(Input.JOBS, accepted.job().id().toString(), JsonCodec.JOB_RECORDS.encode(accepted));
      case JobEvent event ->
          pipe(Input.EVENTS, event.jobId().toString(), JsonCodec.EVENTS.encode(event));
      case CancelRequest cancel ->
          pipe(Input.CONTROL, cancel.jobId().toString(), JsonCodec.CANCEL_REQUESTS.encode(cancel));
      case RetryNowRequest retry ->
          pipe(Input.CONTROL, retry.key(), JsonCodec.RETRY_NOW_REQUESTS.encode(retry));
      default -> throw new AssertionError(record);
    }
  }

  private void pipe(Input input, @Nullable String key, byte @Nullable [] value) {
    TestInputTopic<byte[], byte[]> topic =
        driver()
            .createInputTopic(
                input.topic(topics), new ByteArraySerializer(), new ByteArraySerializer());
    pipe(topic, key == null ? null : bytes(key), value);
  }

  @SuppressWarnings("NullAway") // records may lack key and value
  private static void pipe(
      TestInputTopic<byte[], byte[]> topic, byte @Nullable [] key, byte @Nullable [] value) {
    topic.pipeInput(key, value);
  }

  private KeyValueStore<JobId, JobLife> lives() {
    return driver().getKeyValueStore(JobTopology.LIVES);
  }

  private KeyValueStore<JobId, byte[]> results() {
    return driver().getKeyValueStore(JobTopology.RESULTS);
  }

  private JobLife life(JobId id) {
    JobLife life = lives().get(id);
    assertThat(life).isNotNull();
    return life;
  }

  private JobResult result(JobId id) {
    return Json.MAPPER.readValue(results().get(id), JobResult.class);
  }

  /** Without what the driver's own clock and offsets say, which differ between two of them. */
  private static JobLife withoutEntry(JobLife life) {
    JobLife.Profile told = life.profile();
    JobLife.Profile profile =
        told == null
            ? null
            : new JobLife.Profile(
                told.generation(),
                told.kind(),
                told.model(),
                told.maxAttempts(),
                told.acceptedAt(),
                told.expireAt(),
                told.labels(),
                told.runAt(),
                told.orderingKey(),
                told.tenant(),
                null,
                told.traceId());
    return new JobLife(
        life.generation(),
        profile,
        null,
        life.attempts(),
        life.end(),
        life.cancelGeneration(),
        life.hurry());
  }

  private double count(String input, String reading) {
    return registry
        .get("penstock.streams.records")
        .tag("input", input)
        .tag("reading", reading)
        .counter()
        .count();
  }

  private long dropped() {
    return Math.round(registry.get("penstock.streams.jobs.dropped").counter().count());
  }

  /** The driver's wall clock starts at the real one and moves only when it is told to. */
  private static Instant driverTime() {
    return Instant.now();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
