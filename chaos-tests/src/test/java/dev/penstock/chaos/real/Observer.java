package dev.penstock.chaos.real;

import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Poison;
import dev.penstock.chaos.law.Recorded;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** Looks at the topics from the outside, as the laws want it: {@code read_committed}. */
final class Observer implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(250);

  private final String bootstrap;
  private final Topics topics;
  private final Set<JobId> finished = new HashSet<>();
  private @Nullable CommittedReader events;

  Observer(String bootstrap, Topics topics) {
    this.bootstrap = bootstrap;
    this.topics = topics;
  }

  /**
   * Waits until the workers have finished every record of the jobs and retry topics.
   *
   * @throws AssertionError when they have not in time; says how far they are
   */
  void awaitQuiescence(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    try (Admin admin = admin()) {
      while (true) {
        Map<TopicPartition, Long> lags = lags(admin);
        if (lags.isEmpty()) {
          return;
        }
        if (System.nanoTime() > deadline) {
          throw new AssertionError(
              "the workers did not finish within " + timeout + "; lag " + lags);
        }
        Thread.sleep(PAUSE);
      }
    }
  }

  private Map<TopicPartition, Long> lags(Admin admin) throws InterruptedException {
    try {
      var latest = new HashMap<TopicPartition, OffsetSpec>();
      for (String topic : topics.claimed()) {
        partitions(topic).forEach(partition -> latest.put(partition, OffsetSpec.latest()));
      }
      // Committed first: what is committed now can't be past an end that is read later.
      var committed =
          admin
              .listConsumerGroupOffsets(topics.workerGroup())
              .partitionsToOffsetAndMetadata()
              .get();
      var ends = admin.listOffsets(latest).all().get();
      var lags =
          new TreeMap<TopicPartition, Long>(
              java.util.Comparator.comparing(TopicPartition::toString));
      ends.forEach((partition, end) -> {
        var offset = committed.get(partition);
        long lag = end.offset() - (offset == null ? 0 : offset.offset());
        if (lag > 0) {
          lags.put(partition, lag);
        }
      });
      return lags;
    } catch (ExecutionException e) {
      throw new IllegalStateException("the observer can't read the workers' offsets", e);
    }
  }

  /** Reads every topic to its end into the history. Records no one can read are left out. */
  void record(HistoryBuilder history) {
    decodeAll(topics.ordered(), JsonCodec.ORDERED, history.ordered);
    for (String jobs : topics.jobsTopics()) {
      decodeAll(jobs, JsonCodec.JOB_RECORDS, history.jobs);
    }
    for (String retry : topics.retryTopics()) {
      decodeAll(retry, JsonCodec.JOB_RECORDS, history.retries);
    }
    for (String hold : topics.holdTopics()) {
      decodeAll(hold, JsonCodec.JOB_RECORDS, history.held);
    }
    decodeAll(topics.events(), JsonCodec.EVENTS, history.events);
    decodeAll(topics.control(), JsonCodec.CANCEL_REQUESTS, history.cancels);
    decodeAll(topics.dlqPlans(), JsonCodec.PLANS, history.plans);
    decodeAll(topics.dlqLedger(), JsonCodec.LEDGER, history.ledger);
    decodeAll(topics.dlqAudit(), JsonCodec.AUDIT, history.audit);
    for (ConsumerRecord<byte[], byte[]> record : read(topics.deadLetters())) {
      if (text(record, RecordHeaders.DEAD_LETTER).equals("poison")) {
        history.poison.add(
            new Poison(
                text(record, RecordHeaders.ORIGIN),
                Poison.hex(record.key()),
                Poison.hex(record.value()),
                text(record, RecordHeaders.REASON)));
      } else {
        decode(record, JsonCodec.DEAD_LETTERS, history.deadLetters);
      }
    }
  }

  /** How many jobs have an outcome. Asked again and again, it reads only what has come since. */
  synchronized long finished() {
    if (events == null) {
      events = reader(topics.events());
    }
    for (ConsumerRecord<byte[], byte[]> record : events.toEnd()) {
      if (JsonCodec.EVENTS.decode(record.value()) instanceof Decoded.Value<JobEvent>(JobEvent event)
          && event instanceof JobEvent.Finished) {
        finished.add(event.jobId());
      }
    }
    return finished.size();
  }

  /** Reads a topic to its end. Records no one can read are left out. */
  <T> void decodeAll(String topic, JsonCodec<T> codec, List<Recorded<T>> into) {
    read(topic).forEach(record -> decode(record, codec, into));
  }

  private static <T> void decode(
      ConsumerRecord<byte[], byte[]> record, JsonCodec<T> codec, List<Recorded<T>> into) {
    if (codec.decode(record.value()) instanceof Decoded.Value<T>(T value)) {
      into.add(
          new Recorded<>(
              record.topic(),
              record.partition(),
              record.offset(),
              Instant.ofEpochMilli(record.timestamp()),
              value));
    }
  }

  /** All committed records of a topic. */
  List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    try (var reader = reader(topic)) {
      return reader.toEnd();
    }
  }

  private CommittedReader reader(String topic) {
    return new CommittedReader(bootstrap, topic, partitions(topic));
  }

  @Override
  public synchronized void close() {
    if (events != null) {
      events.close();
      events = null;
    }
  }

  private List<TopicPartition> partitions(String topic) {
    return topics.all().stream()
        .filter(spec -> spec.name().equals(topic))
        .flatMap(spec ->
            IntStream.range(0, spec.partitions())
                .mapToObj(partition -> new TopicPartition(topic, partition)))
        .toList();
  }

  private Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrap));
  }

  private static String text(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
