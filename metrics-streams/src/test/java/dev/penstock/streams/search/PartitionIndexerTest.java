package dev.penstock.streams.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobResult;
import dev.penstock.streams.Lives;
import dev.penstock.streams.view.Input;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On real directories. */
@SuppressWarnings("NullAway.Init")
@Timeout(120)
final class PartitionIndexerTest {
  private static final Duration LONG = Duration.ofDays(3650);

  @TempDir Path directory;
  private final FakePartition partition = new FakePartition(0);
  private final List<Running> started = new ArrayList<>();

  private record Running(PartitionIndexer indexer, Thread thread) {
    void end() throws InterruptedException {
      indexer.stop();
      thread.join();
    }
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Running each : started) {
      each.end();
    }
  }

  @Test
  void whatIsWrittenAsItComesEqualsWhatIsBuiltAnew() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    Running live = begin("live", partition.snapshot(), LONG, Duration.ZERO);
    fill(random, 60);
    while (foldSome(random)) {
      if (random.nextInt(50) == 0) {
        Thread.sleep(2);
      }
    }
    Map<JobId, String> incremental = found(live);
    live.end();
    Running anew = begin("anew", partition.snapshot(), LONG, Duration.ZERO);
    assertThat(found(anew)).as("seed " + seed).isEqualTo(incremental);
    assertThat(incremental).as("seed " + seed).isEqualTo(expected());
    wordsAreFound(anew, seed);
  }

  @Test
  void afterAKillNothingIsMissingOrDoubled() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    fill(random, 60);
    List<FakePartition.Snapshot> stores = new ArrayList<>(List.of(partition.snapshot()));
    for (int kill = 0; kill < 5; kill++) {
      // The stores come back as they were, or as a transaction before: behind the index.
      FakePartition.Snapshot restored =
          stores.get(Math.max(0, stores.size() - 1 - random.nextInt(3)));
      Duration commits = random.nextBoolean() ? Duration.ZERO : LONG;
      Running running = begin("killed", restored, LONG, commits);
      for (int i = random.nextInt(120); i > 0; i--) {
        foldSome(random);
      }
      stores.add(partition.snapshot());
      // Somewhere in between: some turns are done, or none.
      Thread.sleep(random.nextInt(40));
      partition.breakDown();
      running.end();
    }
    Running last = begin("killed", stores.getLast(), LONG, Duration.ZERO);
    partition.foldAll();
    assertThat(found(last)).as("seed " + seed).isEqualTo(expected());
    wordsAreFound(last, seed);
  }

  @Test
  void brokenFilesAreReplaced() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    fill(random, 30);
    partition.foldAll();
    for (int round = 0; round < 4; round++) {
      Running running = begin("broken", partition.snapshot(), LONG, Duration.ZERO);
      assertThat(found(running)).as("seed " + seed).isEqualTo(expected());
      running.end();
      List<Path> files;
      try (Stream<Path> all = Files.list(directory.resolve("broken").resolve("0"))) {
        files = all.filter(file -> !file.endsWith("write.lock")).sorted().toList();
      }
      Path file = files.get(random.nextInt(files.size()));
      if (random.nextBoolean()) {
        Files.delete(file);
      } else {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
      }
    }
    Running last = begin("broken", partition.snapshot(), LONG, Duration.ZERO);
    assertThat(found(last)).as("seed " + seed).isEqualTo(expected());
  }

  @Test
  void whenMoreIsToldThanMayBeHeldTheTopicsAreReadInstead() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    Running running =
        begin("full", partition.snapshot(), LONG, Duration.ZERO, new Pending.Room(4_000));
    fill(random, 60);
    partition.foldAll();
    assertThat(found(running)).as("seed " + seed).isEqualTo(expected());
    wordsAreFound(running, seed);
  }

  @Test
  void finishedJobsLeaveAfterTheRetention() throws Exception {
    Instant now = Instant.now();
    Job old = Lives.job(now.minus(Duration.ofDays(2)));
    Job waiting = Lives.job(now.minus(Duration.ofDays(2)));
    Job fresh = Lives.job(now);
    partition.append(JobRecord.accepted(old));
    partition.append(JobRecord.accepted(waiting));
    partition.append(JobRecord.accepted(fresh));
    Running running = begin("retention", partition.snapshot(), Duration.ofDays(1), Duration.ZERO);
    partition.foldAll();
    assertThat(found(running)).containsOnlyKeys(old.id(), waiting.id(), fresh.id());
    partition.append(Lives.succeeded(old.id(), 0, 1, now.minus(Duration.ofDays(2))));
    partition.append(Lives.succeeded(fresh.id(), 0, 1, now));
    partition.foldAll();
    partition.drop(old.id());
    assertThat(found(running)).containsOnlyKeys(waiting.id(), fresh.id());
    // One that was indexed when it was young.
    Job ageing = Lives.job(now.minus(Duration.ofHours(30)));
    partition.append(JobRecord.accepted(ageing));
    partition.foldAll();
    assertThat(found(running)).containsOnlyKeys(waiting.id(), fresh.id(), ageing.id());
    running.end();
    Running later = begin("retention", partition.snapshot(), Duration.ofMillis(1), Duration.ZERO);
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(found(later)).containsOnlyKeys(waiting.id(), ageing.id()));
  }

  @Test
  void jobsWhoseRecordNoTopicHoldsAreFound() throws Exception {
    Job job = Lives.job(Instant.now());
    partition.append(JobRecord.accepted(job));
    partition.append(Lives.started(job.id(), 0, 1, "w", Instant.now()));
    partition.foldAll();
    partition.trim(Input.JOBS);
    partition.trim(Input.EVENTS);
    Running anew = begin("trimmed", partition.snapshot(), LONG, Duration.ZERO);
    assertThat(found(anew)).containsOnlyKeys(job.id());
  }

  @Test
  void anIndexThatTheTopicsCanNotBringUpToDateIsBuiltAnew() throws Exception {
    Running first = begin("away", partition.snapshot(), LONG, Duration.ZERO);
    Job seen = Lives.job(Instant.now());
    partition.append(JobRecord.accepted(seen));
    partition.foldAll();
    assertThat(found(first)).containsOnlyKeys(seen.id());
    first.end();
    // Meanwhile the partition was elsewhere.
    partition.begin(
        partition.snapshot(), SearchText.ALL, new Pending(SearchText.ALL, new Pending.Room(1)));
    Job missed = Lives.job(Instant.now());
    partition.append(JobRecord.accepted(missed));
    partition.foldAll();
    partition.trim(Input.JOBS);
    Running back = begin("away", partition.snapshot(), LONG, Duration.ZERO);
    assertThat(found(back)).containsOnlyKeys(seen.id(), missed.id());
  }

  @Test
  void textsThatMayNotBeSearchedAreNotKept() throws Exception {
    var random = new Random(1);
    Job job = SomeJobs.job(random, Instant.now(), new JobInput.Generate("verysecret", null, 10));
    partition.append(JobRecord.accepted(job));
    partition.append(Lives.succeeded(job.id(), 0, 1, Instant.now()));
    partition.foldAll();
    Running all = begin("texts", partition.snapshot(), LONG, Duration.ZERO);
    assertThat(found(all)).hasSize(1);
    assertThat(count(all, "verysecret")).isEqualTo(1);
    assertThat(count(all, "deu")).isEqualTo(1);
    all.end();
    Running none =
        begin(
            "texts",
            partition.snapshot(),
            LONG,
            Duration.ZERO,
            new Pending.Room(1 << 20),
            SearchText.NONE);
    assertThat(found(none).get(job.id())).doesNotContain("verysecret");
    assertThat(count(none, "verysecret")).isZero();
    assertThat(count(none, "deu")).isZero();
    assertThat(count(none, job.id().toString())).isEqualTo(1);
  }

  private void fill(Random random, int jobs) {
    for (int i = 0; i < jobs; i++) {
      Job job = SomeJobs.random(random, Instant.now().plusMillis(i));
      for (Object record : SomeJobs.life(job, random)) {
        // Only normal jobs come again with another generation; here the topic is that of the lane.
        partition.append(record);
      }
    }
  }

  /** Folds a record of any input, so that events come before their jobs too. */
  private boolean foldSome(Random random) {
    Input[] inputs = Input.values();
    int first = random.nextInt(inputs.length);
    for (int i = 0; i < inputs.length; i++) {
      if (partition.fold(inputs[(first + i) % inputs.length])) {
        return true;
      }
    }
    return false;
  }

  private Running begin(
      String name, FakePartition.Snapshot stores, Duration retention, Duration commits) {
    return begin(name, stores, retention, commits, new Pending.Room(16 << 20));
  }

  private Running begin(
      String name,
      FakePartition.Snapshot stores,
      Duration retention,
      Duration commits,
      Pending.Room room) {
    return begin(name, stores, retention, commits, room, SearchText.ALL);
  }

  private Running begin(
      String name,
      FakePartition.Snapshot stores,
      Duration retention,
      Duration commits,
      Pending.Room room,
      SearchText texts) {
    var pending = new Pending(texts, room);
    partition.begin(stores, texts, pending);
    var indexer =
        new PartitionIndexer(
            partition,
            pending,
            new PartitionIndexer.Setup(
                directory.resolve(name),
                texts,
                partition,
                retention,
                Duration.ofMillis(3),
                commits,
                new Semaphore(1),
                InstantSource.system()));
    Thread thread = Thread.ofPlatform().daemon().start(indexer);
    var running = new Running(indexer, thread);
    started.add(running);
    return running;
  }

  /** All jobs that are found, as they are shown. */
  private static Map<JobId, String> found(Running running) throws IOException {
    Instant now = Instant.now();
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> FakePartition.isUpToDate(running.indexer, now));
    var all = new TreeMap<JobId, String>();
    try (DirectoryReader reader = running.indexer.reader().orElseThrow()) {
      var searcher = new IndexSearcher(reader);
      var top = searcher.search(new MatchAllDocsQuery(), 10_000);
      for (var each : top.scoreDocs) {
        JobSummary summary = JobDocument.summary(searcher.storedFields().document(each.doc));
        assertThat(all.put(summary.id(), Json.MAPPER.writeValueAsString(summary))).isNull();
      }
    }
    return all;
  }

  private Map<JobId, String> expected() {
    var expected = new TreeMap<JobId, String>();
    var records = new TreeMap<JobId, Job>();
    for (Object record : partition.records()) {
      if (record instanceof JobRecord job) {
        records.put(job.job().id(), job.job());
      }
    }
    partition
        .shown()
        .forEach((id, life) -> {
          Job job = java.util.Objects.requireNonNull(records.get(id));
          expected.put(
              id,
              Json.MAPPER.writeValueAsString(
                  JobSummary.of(id, life, Submitted.of(job, SearchText.ALL))));
        });
    return expected;
  }

  /** Each word finds the jobs whose input or output has it. */
  private void wordsAreFound(Running running, long seed) throws IOException {
    for (String word : SomeJobs.WORDS) {
      long having =
          partition.shown().keySet().stream()
              .filter(id -> partition.input(id).contains(word))
              .count();
      assertThat(count(running, word)).as(word + ", seed " + seed).isEqualTo(having);
    }
    long succeeded =
        partition.shown().keySet().stream()
            .flatMap(id -> partition.result(id).stream())
            .filter(json -> Json.MAPPER.readValue(json, JobResult.class).output() != null)
            .count();
    assertThat(count(running, "deu")).as("seed " + seed).isEqualTo(succeeded);
  }

  private static int count(Running running, String q) throws IOException {
    try (DirectoryReader reader = running.indexer.reader().orElseThrow()) {
      return new IndexSearcher(reader).count(QueryText.parse(q));
    }
  }
}
