package dev.penstock.streams.search;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobState;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.Origin;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.store.AlreadyClosedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the index of one partition, for one stay of the partition here. A thread of its own: it
 * works the processor, so it must not share those of the virtual threads that answer.
 *
 * <p>A document is made of the job's life as the stores have it at that moment, so it does not
 * matter in which order jobs are written, or how often. A commit of the index says below which
 * offsets everything is in it. Therefore:
 *
 * <ol>
 *   <li>The index is opened at its last commit. Whose records stand from there to where the stores
 *       are is written anew. It is built from the topics and the stores when there is none, when it
 *       can't be read, and when the topics no longer hold what it lacks.
 *   <li>Then what the fold tells is written, several times a second.
 *   <li>If more is told than may be held, nothing is, and the first step is done again.
 * </ol>
 *
 * Until it reached the ends that the inputs had when the stay began, and the offsets of its own
 * commit (which can be ahead of stores that were restored), it does not let itself be searched.
 */
final class PartitionIndexer implements Runnable {
  /** An index that lags more than this behind the stores is not searched. */
  static final Duration MAX_AGE = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(PartitionIndexer.class);

  /** So many failures in a row, and the index is built anew. */
  private static final int MAX_FAILURES = 2;

  private static final Duration FIRST_BACKOFF = Duration.ofMillis(500);
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(30);

  private final Stay stay;
  private final Pending pending;
  private final Setup setup;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile @Nullable PartitionIndex current;
  private volatile boolean complete;
  private volatile Instant indexedAt = Instant.EPOCH;
  private volatile String doing = "is being opened";

  // The thread's own.
  private int failures;
  private Offsets indexed = Offsets.ZERO;
  private Offsets committed = Offsets.ZERO;
  private Instant committedAt = Instant.EPOCH;
  private boolean changed;

  /**
   * What all partitions have in common.
   *
   * @param directory where the indexes are
   * @param retention how long after their end finished jobs are kept
   * @param interval how long to wait after changes were written
   * @param commitInterval how often the index is made durable
   * @param readers who reads topics again, one permit each
   */
  record Setup(
      Path directory,
      SearchText texts,
      JobTopics topics,
      Duration retention,
      Duration interval,
      Duration commitInterval,
      Semaphore readers,
      InstantSource clock) {
    Path of(int partition) {
      return directory.resolve(String.valueOf(partition));
    }
  }

  PartitionIndexer(Stay stay, Pending pending, Setup setup) {
    this.stay = stay;
    this.pending = pending;
    this.setup = setup;
  }

  Stay stay() {
    return stay;
  }

  /** Everything that the stores held at this time is found. */
  Instant indexedAt() {
    return indexedAt;
  }

  /** What can be searched now, to be closed; or nothing, and {@link #why} says why. */
  Optional<DirectoryReader> reader() throws IOException {
    PartitionIndex index = current;
    if (index == null || !complete || isOld() || !stay.holds()) {
      return Optional.empty();
    }
    try {
      return Optional.of(index.reader());
    } catch (AlreadyClosedException _) {
      return Optional.empty();
    }
  }

  /** Why it can't be searched. */
  String why() {
    return "The search index of partition "
        + stay.partition()
        + " "
        + (complete && isOld() ? "is behind since " + indexedAt : doing)
        + ".";
  }

  private boolean isOld() {
    return indexedAt.plus(MAX_AGE).isBefore(setup.clock.instant());
  }

  /** Bytes on disk. */
  long bytes() {
    PartitionIndex index = current;
    try {
      return index == null ? 0 : index.bytes();
    } catch (IOException | AlreadyClosedException _) {
      return 0;
    }
  }

  /** The stay is over: the thread ends soon. */
  void stop() {
    stopping.countDown();
    pending.close();
  }

  private boolean isStopped() {
    return stopping.getCount() == 0;
  }

  @Override
  public void run() {
    boolean anew = false;
    while (!isStopped()) {
      Path path = setup.of(stay.partition());
      try (PartitionIndex index =
          anew || failures >= MAX_FAILURES
              ? PartitionIndex.create(path, setup.texts)
              : PartitionIndex.open(path, setup.texts)) {
        current = index;
        anew = !follow(index);
      } catch (IOException | RuntimeException e) {
        failed(e);
      } catch (InterruptedException _) {
        return;
      } catch (Error e) {
        doing = "has failed for good (" + e + "); restart this instance";
        throw e;
      } finally {
        complete = false;
        current = null;
      }
    }
  }

  private void failed(Exception e) {
    if (isStopped()) {
      log.debug("the search index of partition {} was given up", stay.partition(), e);
      return;
    }
    failures++;
    log.warn(
        "the search index of partition {} failed and is opened again{}",
        stay.partition(),
        failures >= MAX_FAILURES ? ", to be built anew" : "",
        e);
    doing = "has failed (" + e.getClass().getSimpleName() + ") and is opened again";
    Duration backoff = FIRST_BACKOFF.multipliedBy(1L << Math.min(failures, 10));
    pause(backoff.compareTo(LONGEST_BACKOFF) < 0 ? backoff : LONGEST_BACKOFF);
  }

  /** Whether it was stopped while waiting. */
  private boolean pause(Duration time) {
    try {
      return stopping.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      stop();
      return true;
    }
  }

  /** Follows the view to the end of the stay; false when the index is of no use. */
  private boolean follow(PartitionIndex index) throws IOException, InterruptedException {
    Optional<Offsets> positions = stay.positions();
    while (positions.isEmpty()) {
      doing = "waits for the partition's state";
      if (pause(setup.interval)) {
        return true;
      }
      positions = stay.positions();
    }
    int partition = stay.partition();
    Offsets ends = setup.topics.ends(partition);
    Offsets beginnings = setup.topics.beginnings(partition);
    Offsets needed = ends;
    changed = false;
    if (index.committed().isPresent()) {
      Offsets from = index.committed().get();
      if (!from.reach(beginnings) || !ends.reach(from)) {
        log.info(
            "the search index of partition {} is built anew: the topics no longer hold what it"
                + " lacks",
            partition);
        return false;
      }
      needed = ends.max(from);
      indexed = from;
      committed = from;
      catchUp(index, positions.get());
    } else {
      build(index, beginnings, positions.get());
    }
    committedAt = setup.clock.instant();
    while (!isStopped()) {
      turn(index, needed);
      pause(setup.interval);
    }
    if (complete) {
      commit(index);
    }
    return true;
  }

  /** Writes what changed since the last turn. */
  private void turn(PartitionIndex index, Offsets needed) throws IOException, InterruptedException {
    // Looked at before the changes are taken: whatever stands below was told by then.
    Offsets positions = stay.positions().orElse(indexed);
    Instant now = setup.clock.instant();
    Pending.Batch batch = pending.drain();
    if (batch.overflowed()) {
      log.info("the search index of partition {} reads the topics to catch up", stay.partition());
      catchUp(index, stay.positions().orElse(indexed));
      return;
    }
    for (Map.Entry<JobId, Pending.Changed> each : batch.jobs().entrySet()) {
      Pending.Changed job = each.getValue();
      write(
          index,
          each.getKey(),
          Optional.of(job.life()),
          Optional.ofNullable(job.submitted()),
          job.output());
    }
    if (!batch.jobs().isEmpty()) {
      index.refresh();
    }
    indexed = positions.max(indexed);
    indexedAt = now;
    // Stores that were restored from before the index tell lives once more as they were then.
    boolean whole = positions.reach(indexed);
    if (!complete && whole && indexed.reach(needed)) {
      complete = true;
      failures = 0;
    } else if (!complete) {
      doing = "is " + indexed.behind(needed) + " records behind";
    }
    if (whole && !committedAt.plus(setup.commitInterval).isAfter(now)) {
      changed |= index.removeFinishedBefore(now.minus(setup.retention));
      commit(index);
      committedAt = now;
    }
  }

  private void commit(PartitionIndex index) throws IOException {
    if (changed || !committed.equals(indexed)) {
      index.commit(indexed);
      committed = indexed;
      changed = false;
    }
  }

  /** Writes those whose records stand from what is indexed to {@code to}. */
  private void catchUp(PartitionIndex index, Offsets to) throws IOException, InterruptedException {
    if (indexed.reach(to)) {
      return;
    }
    long records = indexed.behind(to);
    setup.readers.acquire();
    try {
      setup.topics.read(
          stay.partition(),
          indexed,
          to,
          (jobs, reached) -> {
            writeAll(index, jobs);
            index.refresh();
            indexed = reached;
            doing = "catches up: " + indexed.behind(to) + " of " + records + " records are left";
            return !isStopped();
          });
    } finally {
      setup.readers.release();
    }
  }

  /**
   * Writes all jobs: those of the topics with their input, then those of which the stores know
   * while the topics don't hold their record any more.
   */
  private void build(PartitionIndex index, Offsets beginnings, Offsets to)
      throws IOException, InterruptedException {
    // Events tell nothing that the stores do not.
    Offsets from =
        Offsets.of(
            input -> Input.submissions().contains(input) ? beginnings.of(input) : to.of(input));
    long records = from.behind(to);
    doing = "is being built";
    setup.readers.acquire();
    try {
      setup.topics.read(
          stay.partition(),
          from,
          to,
          (jobs, reached) -> {
            writeAll(index, jobs);
            doing = "is being built: " + reached.behind(to) + " of " + records + " jobs are left";
            return !isStopped();
          });
      index.refresh();
      doing = "is being built: looking for jobs that the topics hold no more";
      var failure = new IOException[1];
      stay.states()
          .forEach((id, life) -> {
            try {
              if (life.isShown() && index.submitted(id).isEmpty()) {
                write(index, id, Optional.of(life), Optional.of(Submitted.unknown(life)), null);
              }
            } catch (IOException e) {
              failure[0] = e;
            }
            return failure[0] == null && !isStopped();
          });
      if (failure[0] != null) {
        throw failure[0];
      }
    } finally {
      setup.readers.release();
    }
    index.refresh();
    if (!isStopped()) {
      indexed = to;
      commit(index);
    }
  }

  private void writeAll(PartitionIndex index, Map<JobId, Optional<Submitted>> jobs)
      throws IOException {
    for (Map.Entry<JobId, Optional<Submitted>> job : jobs.entrySet()) {
      write(index, job.getKey(), stay.states().life(job.getKey()), job.getValue(), null);
    }
  }

  private void write(
      PartitionIndex index,
      JobId id,
      Optional<JobLife> life,
      Optional<Submitted> given,
      @Nullable String output)
      throws IOException {
    changed = true;
    if (life.filter(JobLife::isShown).filter(known -> !isDropped(known)).isEmpty()) {
      index.remove(id);
      return;
    }
    JobLife known = life.get();
    Optional<Submitted> submitted = given.isPresent() ? given : index.submitted(id);
    if (submitted.isEmpty()) {
      submitted = fromTopic(id, known);
    }
    index.put(
        id,
        JobDocument.of(
            id,
            known,
            submitted.orElseGet(() -> Submitted.unknown(known)),
            output == null ? output(id, known) : output));
  }

  private boolean isDropped(JobLife life) {
    JobLife.End end = life.end();
    return end != null && end.at().isBefore(setup.clock.instant().minus(setup.retention));
  }

  /** The words of what the job came to, as the stores have it. */
  private @Nullable String output(JobId id, JobLife life) {
    if (!setup.texts.output() || life.end() == null || life.state() != JobState.SUCCEEDED) {
      return null;
    }
    Optional<JobOutput> output =
        stay.states()
            .result(id)
            .map(json -> Json.MAPPER.readValue(json, JobResult.class))
            .filter(result -> result.generation() == life.generation())
            .map(JobResult::output);
    return output.map(Texts::of).orElse(null);
  }

  /** Reads the record that the profile is of, where a topic still holds it. */
  private Optional<Submitted> fromTopic(JobId id, JobLife life) throws IOException {
    JobLife.Profile profile = life.profile();
    Origin origin = profile == null ? null : profile.origin();
    if (origin == null
        || origin.offset() < setup.topics.beginnings(stay.partition()).of(origin.input())) {
      return Optional.empty();
    }
    Offsets at = Offsets.ZERO.with(origin.input(), origin.offset());
    var found = new java.util.HashMap<JobId, Optional<Submitted>>();
    setup.topics.read(
        stay.partition(),
        at,
        at.with(origin.input(), origin.offset() + 1),
        (jobs, _) -> {
          found.putAll(jobs);
          return !isStopped();
        });
    return found.getOrDefault(id, Optional.empty());
  }
}
