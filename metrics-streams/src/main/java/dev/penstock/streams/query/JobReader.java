package dev.penstock.streams.query;

import dev.penstock.job.JobId;
import dev.penstock.job.LifePosition;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.InputProgress;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.PartitionProgress;
import dev.penstock.streams.view.Signal;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.state.HostInfo;

/**
 * Reads jobs so that no one is told less than they can know. Three rules, each a bounded wait:
 *
 * <ul>
 *   <li>A partition that came to this instance answers once it reached the ends that its inputs had
 *       then, so it tells no less than its last owner did.
 *   <li>A job is unknown only when the view reached the ends that the partitions with jobs had when
 *       the question came, so whoever was told that a job is accepted finds it.
 *   <li>Who says which position they have seen is told no earlier one.
 * </ul>
 *
 * When the wait ends first the answer is "not ready", never "unknown". Thread-safe.
 */
final class JobReader {
  /** How many requests wait at once for the view; more are told that it is not ready. */
  static final int MAX_WAITING = 1_024;

  private final Topics topics;
  private final LocalView view;
  private final ViewProgress progress;
  private final ChangeHub hub;
  private final EndOffsets acknowledged;
  private final EndOffsets stable;
  private final Duration viewWait;
  private final Semaphore waiting = new Semaphore(MAX_WAITING);
  private final Counter waits;

  /** What a reading came to. */
  sealed interface Reading {
    /** The job is here and shown. */
    record Found(JobLife life, PartitionProgress stay) implements Reading {}

    /** There is no such job. */
    record Missing() implements Reading {}

    /** Another instance has it. */
    record Elsewhere(HostInfo owner) implements Reading {}

    record NotReady(String why) implements Reading {}
  }

  JobReader(
      Topics topics,
      LocalView view,
      ViewProgress progress,
      ChangeHub hub,
      EndOffsets acknowledged,
      EndOffsets stable,
      Duration viewWait,
      MeterRegistry registry) {
    this.topics = topics;
    this.view = view;
    this.progress = progress;
    this.hub = hub;
    this.acknowledged = acknowledged;
    this.stable = stable;
    this.viewWait = viewWait;
    this.waits =
        Counter.builder("penstock.streams.query.waits")
            .description("Queries that had to wait for the view")
            .register(registry);
  }

  /** The partition of all topics and stores that the job's records are in. */
  int partitionOf(JobId id) {
    return BuiltInPartitioner.partitionForKey(
        id.toString().getBytes(StandardCharsets.UTF_8), topics.partitions());
  }

  /**
   * Reads a job.
   *
   * @param seen the position that the asker has seen, where they said so
   */
  Reading read(JobId id, Optional<LifePosition> seen) throws InterruptedException {
    var deadline = new Deadline(viewWait);
    int partition = partitionOf(id);
    Optional<PartitionProgress> here = progress.of(partition);
    try {
      if (here.isEmpty()) {
        return elsewhere(id);
      }
      PartitionProgress stay = here.get();
      if (stay.isCaughtUp()) {
        Optional<JobLife> life = lookAgain(id, stay);
        if (life.isPresent() && isAsNew(life.get(), seen)) {
          return new Reading.Found(life.get(), stay);
        }
      }
      return waitAndFind(id, stay, seen, deadline);
    } catch (LocalView.Unavailable e) {
      return new Reading.NotReady("The view is being restored or moved (" + e.getMessage() + ").");
    } catch (EndOffsets.Unknown e) {
      return new Reading.NotReady("Kafka does not answer (" + e.getMessage() + ").");
    }
  }

  /** The result of a job that was read as finished, or nothing when the view moved on since. */
  Optional<byte[]> result(JobId id, PartitionProgress stay) throws LocalView.Unavailable {
    Optional<byte[]> result = view.result(id, stay.partition());
    checkStillOurs(stay);
    return result;
  }

  /** The job as it is here now, without waiting; nothing when it is not. */
  Optional<JobLife> lookAgain(JobId id, PartitionProgress stay) throws LocalView.Unavailable {
    Optional<JobLife> life = view.life(id, stay.partition());
    checkStillOurs(stay);
    return life.filter(JobLife::isShown);
  }

  /** After the state was read: was it still this instance's to answer for? */
  private void checkStillOurs(PartitionProgress stay) throws LocalView.Unavailable {
    if (stay.isOver()) {
      throw new LocalView.Unavailable("partition " + stay.partition() + " was given up");
    }
    if (!progress.contact().holds()) {
      throw new LocalView.Unavailable("this instance is out of touch with Kafka");
    }
  }

  private Reading elsewhere(JobId id) throws LocalView.Unavailable {
    return view.owner(id)
        .<Reading>map(Reading.Elsewhere::new)
        .orElseGet(
            () -> new Reading.NotReady("The instances are just sharing out the partitions."));
  }

  private static boolean isAsNew(JobLife life, Optional<LifePosition> seen) {
    return seen.isEmpty() || life.position().compareTo(seen.get()) >= 0;
  }

  private Reading waitAndFind(
      JobId id, PartitionProgress stay, Optional<LifePosition> seen, Deadline deadline)
      throws LocalView.Unavailable, EndOffsets.Unknown, InterruptedException {
    if (!waiting.tryAcquire()) {
      return new Reading.NotReady(MAX_WAITING + " requests wait for the view already.");
    }
    waits.increment();
    var signal = new Signal();
    try (var _ = hub.watch(id, signal)) {
      if (!catchUp(stay, signal, deadline)) {
        return new Reading.NotReady("The view catches up with partition " + stay.partition() + ".");
      }
      Map<InputProgress, Long> ends = endsOfSubmissions(stay, deadline);
      try {
        ends.forEach((jobs, end) -> jobs.tellAt(end, signal));
        while (true) {
          // Looked at before the state is read: a job below the end is then in the state.
          boolean complete =
              ends.entrySet().stream().allMatch(end -> end.getKey().position() >= end.getValue());
          Optional<JobLife> life = lookAgain(id, stay);
          if (life.isPresent() && isAsNew(life.get(), seen)) {
            return new Reading.Found(life.get(), stay);
          }
          if (complete && life.isEmpty()) {
            return new Reading.Missing();
          }
          if (!signal.await(deadline.left())) {
            return new Reading.NotReady(
                life.isPresent()
                    ? "The view has not reached what you have seen of the job."
                    : "The view has not reached the end of the jobs.");
          }
        }
      } finally {
        ends.keySet().forEach(jobs -> jobs.forget(signal));
      }
    } finally {
      waiting.release();
    }
  }

  /** Where the topics end that the job may have entered by: it is not known by which. */
  private Map<InputProgress, Long> endsOfSubmissions(PartitionProgress stay, Deadline deadline)
      throws EndOffsets.Unknown, InterruptedException {
    var asked = new EnumMap<Input, CompletableFuture<Long>>(Input.class);
    for (Input input : Input.submissions()) {
      asked.put(input, acknowledged.ask(partition(input, stay)));
    }
    var ends = new LinkedHashMap<InputProgress, Long>();
    for (Map.Entry<Input, CompletableFuture<Long>> each : asked.entrySet()) {
      Input input = each.getKey();
      ends.put(
          stay.input(input),
          EndOffsets.await(partition(input, stay), each.getValue(), deadline.left()));
    }
    return ends;
  }

  /** Waits until the stay reached the ends that its inputs have now; false when time is up. */
  private boolean catchUp(PartitionProgress stay, Signal signal, Deadline deadline)
      throws LocalView.Unavailable, EndOffsets.Unknown, InterruptedException {
    if (stay.isCaughtUp()) {
      return true;
    }
    for (Input input : Input.values()) {
      InputProgress inputProgress = stay.input(input);
      long end = stable.end(partition(input, stay), deadline.left());
      try {
        inputProgress.tellAt(end, signal);
        while (inputProgress.position() < end) {
          if (stay.isOver()) {
            throw new LocalView.Unavailable("partition " + stay.partition() + " was given up");
          }
          if (!signal.await(deadline.left())) {
            return false;
          }
        }
      } finally {
        inputProgress.forget(signal);
      }
    }
    stay.setCaughtUp();
    return true;
  }

  private TopicPartition partition(Input input, PartitionProgress stay) {
    return new TopicPartition(input.topic(topics), stay.partition());
  }
}
