package dev.penstock.chaos.simulated;

import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Poison;
import dev.penstock.chaos.law.Submission;
import dev.penstock.chaos.simulated.kafka.SimKafka;
import dev.penstock.chaos.simulated.kafka.SimProducer;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.chaos.simulated.strand.SimProcess;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Whoever accepts jobs: most by a plain record, some in a transaction of its own, which puts
 * markers and aborted records between them. Asks for the end of some, and writes what nobody can
 * read.
 */
final class SimIntake {
  /** Every other job is to run within this time. */
  private static final Duration LATEST = Duration.ofMinutes(1);

  private final Scheduler scheduler;
  private final SimKafka kafka;
  private final Topics topics;
  private final Scenario scenario;
  private final InstantSource clock;
  private final HistoryBuilder history;
  private final SimProcess process;
  private boolean done;
  private int made;

  SimIntake(
      Scheduler scheduler,
      SimKafka kafka,
      Topics topics,
      Scenario scenario,
      InstantSource clock,
      HistoryBuilder history) {
    this.scheduler = scheduler;
    this.kafka = kafka;
    this.topics = topics;
    this.scenario = scenario;
    this.clock = clock;
    this.history = history;
    this.process = scheduler.process("intake");
  }

  /** Begins. */
  void start() {
    scheduler.start(scheduler.strand(process, "intake", this::submitAll));
    for (int i = 0; i < scenario.poison(); i++) {
      scheduler.after(scheduler.below(scenario.span().toNanos()), this::plantPoison);
    }
  }

  private void submitAll() {
    long gap = scenario.span().toNanos() / scenario.jobs();
    for (int i = 0; i < scenario.jobs(); i++) {
      // Some come together, some after a while.
      if (scheduler.below(3) > 0) {
        scheduler.sleep(scheduler.below(2 * gap));
      }
      submit();
    }
    done = true;
  }

  /** Whether all jobs are submitted. */
  boolean isDone() {
    return done;
  }

  private void submit() {
    Job job = job();
    Ordering ordering = job.ordering();
    byte[] key = utf8(ordering == null ? job.id().toString() : ordering.key());
    byte[] value =
        ordering == null
            ? JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job))
            : JsonCodec.ORDERED.encode(new OrderedRecord.Enter(JobRecord.accepted(job), null));
    var headers = new RecordHeaders();
    headers.add(dev.penstock.topic.RecordHeaders.GENERATION, utf8("0"));
    var answer =
        scheduler.below(4) > 0
            ? appendPlainly(job, key, value, headers)
            : appendInTransaction(job, key, value, headers);
    history.submissions.add(new Submission(Optional.empty(), answer));
    if (scheduler.below(100) < scenario.cancels()) {
      scheduler.after(scheduler.below(scenario.span().toNanos() / 2), () -> cancel(job, 0));
    }
    if (isFar(job)) {
      scheduler.after(
          scheduler.below(scenario.span().toNanos()), () -> hurry(job.id(), 0, clock.instant()));
    } else if (scenario.haste().percent() > 0
        && scheduler.below(100) < scenario.haste().percent()) {
      for (long looks = 1 + scheduler.below(3); looks > 0; looks--) {
        scheduler.after(
            scheduler.below(scenario.span().toNanos() / 2), () -> lookWhetherItWaits(job));
      }
    }
  }

  private Submission.Answer appendPlainly(
      Job job, byte[] key, byte[] value, RecordHeaders headers) {
    kafka.append(partition(topicOf(job), key), key, value, headers);
    return new Submission.Answer.Accepted(job.id());
  }

  private Submission.Answer appendInTransaction(
      Job job, byte[] key, byte[] value, RecordHeaders headers) {
    try (SimProducer producer =
        kafka.producer(
            process,
            Map.of(
                "transactional.id", "intake",
                "client.id", "intake",
                "max.block.ms", 2_000L,
                "delivery.timeout.ms", 2_000L,
                "request.timeout.ms", 1_000L,
                "transaction.timeout.ms", 2_000L,
                "retry.backoff.ms", 5L))) {
      producer.initTransactions();
      producer.beginTransaction();
      var _ = producer.send(new ProducerRecord<>(topicOf(job), null, key, value, headers));
      producer.flush();
      if (scheduler.below(4) == 0) {
        producer.abortTransaction();
        return new Submission.Answer.Indeterminate("aborted");
      }
      producer.commitTransaction();
      return new Submission.Answer.Accepted(job.id());
    } catch (KafkaException e) {
      return new Submission.Answer.Indeterminate(e.toString());
    }
  }

  private String topicOf(Job job) {
    return job.ordering() == null ? topics.jobs(job.priority()) : topics.ordered();
  }

  private @Nullable Ordering ordering() {
    Scenario.Order order = scenario.order();
    if (order.percent() == 0 || scheduler.below(100) >= order.percent()) {
      return null;
    }
    return new Ordering(
        "key " + scheduler.below(order.keys()),
        scheduler.below(3) == 0 ? Ordering.OnDeadLetter.BLOCK : Ordering.OnDeadLetter.RELEASE);
  }

  private Job job() {
    Instant now = clock.instant();
    var random = scheduler.random();
    long most = (now.toEpochMilli() << 16) | 0x7000L | random.nextLong(0x1000);
    long least = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
    boolean expires = scheduler.below(8) == 0;
    Ordering ordering = ordering();
    boolean kills = made++ < scenario.killers();
    return new Job(
        new JobId(new UUID(most, least)),
        model(),
        new JobInput.DetectLanguage(
            (kills ? SimProvider.KILLER : "") + "x".repeat(1 + (int) scheduler.below(600))),
        1 + (int) scheduler.below(scenario.replays().isNone() ? 4 : 2),
        Duration.ofMillis(300 + scheduler.below(4_000)),
        now,
        expires ? now.plusMillis(scheduler.below(6_000)) : null,
        Map.of(),
        ordering == null ? runAt(now, !expires) : null,
        null,
        ordering,
        Priority.all().get((int) scheduler.below(Priority.all().size())));
  }

  private @Nullable Instant runAt(Instant now, boolean mayBeFar) {
    int far = scenario.haste().far();
    if (mayBeFar && far > 0 && scheduler.below(100) < far) {
      return now.plus(LATEST).plus(Duration.ofHours(1));
    }
    return scheduler.below(8) == 0 ? now.plusMillis(scheduler.below(5_000)) : null;
  }

  private String model() {
    if (scheduler.below(40) == 0) {
      return "nobody";
    }
    int routed = scenario.targets().routed();
    return routed > 0 && scheduler.below(100) < routed ? Scenario.Targets.ROUTE : SimProvider.NAME;
  }

  private boolean isFar(Job job) {
    Instant runAt = job.runAt();
    return runAt != null && runAt.isAfter(job.acceptedAt().plus(LATEST));
  }

  /**
   * Whoever sees that the job waits asks to run it now, after some thought: then it may wait for
   * another attempt already. Some ask without looking.
   */
  private void lookWhetherItWaits(Job job) {
    Instant seenAt = clock.instant();
    int attempts =
        scheduler.below(6) == 0 ? (int) scheduler.below(3) : attemptsWhileItWaits(job, seenAt);
    if (attempts >= 0) {
      scheduler.after(
          scheduler.below(3) > 0 ? 0 : scheduler.below(Duration.ofMillis(1_500).toNanos()),
          () -> hurry(job.id(), attempts, seenAt));
    }
  }

  /** After how many attempts the job waits; -1 when it does not. */
  private int attemptsWhileItWaits(Job job, Instant now) {
    byte[] key = utf8(job.id().toString());
    @Nullable JobEvent last = null;
    for (var record : kafka.log(partition(topics.events(), key)).committed()) {
      if (Arrays.equals(record.key(), key)
          && JsonCodec.EVENTS.decode(record.value()) instanceof Decoded.Value<JobEvent>(var event)
          && event.generation() == 0) {
        last = event;
      }
    }
    Instant runAt = job.runAt();
    return switch (last) {
      case null -> runAt != null && runAt.isAfter(now) ? 0 : -1;
      case JobEvent.RetryScheduled retry ->
          retry.dueAt().isAfter(now) ? retry.failed().number() : -1;
      case JobEvent.AttemptStarted _, JobEvent.Finished _ -> -1;
    };
  }

  private void hurry(JobId id, int attempts, Instant askedAt) {
    ProducerRecord<byte[], byte[]> record =
        RetryNowRecords.request(topics, new RetryNowRequest(id, 0, attempts, askedAt));
    kafka.append(
        new TopicPartition(record.topic(), Objects.requireNonNull(record.partition())),
        record.key(),
        record.value(),
        record.headers());
  }

  /** Someone wants a generation of a job to end. */
  void cancel(Job job, int generation) {
    JobId id = job.id();
    byte[] key = utf8(id.toString());
    kafka.append(
        partition(topics.control(), key),
        key,
        JsonCodec.CANCEL_REQUESTS.encode(new CancelRequest(id, generation, clock.instant())),
        new RecordHeaders());
    Ordering ordering = job.ordering();
    if (ordering != null) {
      tellSequencer(ordering.key(), new OrderedRecord.Cancel(id, generation));
    }
  }

  /** Someone asks to have the key of a dead-lettered job released, whether it blocks or not. */
  void release(Job job, int generation) {
    Ordering ordering = job.ordering();
    if (ordering != null) {
      tellSequencer(ordering.key(), new OrderedRecord.Release(job.id(), generation));
    }
  }

  private void tellSequencer(String orderingKey, OrderedRecord record) {
    byte[] key = utf8(orderingKey);
    kafka.append(
        partition(topics.ordered(), key),
        key,
        JsonCodec.ORDERED.encode(record),
        new RecordHeaders());
  }

  private void plantPoison() {
    var topicsOfJobs = topics.claimed();
    String topic = topicsOfJobs.get((int) scheduler.below(topicsOfJobs.size()));
    var partition = new TopicPartition(topic, (int) scheduler.below(topics.partitions()));
    byte @Nullable [] key = scheduler.below(2) == 0 ? null : utf8("key " + scheduler.below(100));
    byte @Nullable [] value = scheduler.below(3) == 0 ? null : utf8("not JSON " + scheduler.now());
    long offset = kafka.append(partition, key, value, new RecordHeaders());
    history.planted.add(
        new Poison(
            topic + ":" + partition.partition() + ":" + offset,
            Poison.hex(key),
            Poison.hex(value),
            ""));
  }

  private TopicPartition partition(String topic, byte[] key) {
    return new TopicPartition(topic, Utils.toPositive(Utils.murmur2(key)) % topics.partitions());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
