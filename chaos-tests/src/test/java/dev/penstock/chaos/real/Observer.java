package dev.penstock.chaos.real;

import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Poison;
import dev.penstock.chaos.law.Recorded;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobEvent;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Looks at the topics from the outside, as the laws want it: {@code read_committed}. */
final class Observer {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final Duration READ_TIMEOUT = Duration.ofMinutes(1);

  private final String bootstrap;
  private final Topics topics;

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

  /** How many jobs have an outcome. */
  long finished() {
    var events = new ArrayList<Recorded<JobEvent>>();
    decodeAll(topics.events(), JsonCodec.EVENTS, events);
    return events.stream()
        .filter(event -> event.value() instanceof JobEvent.Finished)
        .map(event -> event.value().jobId())
        .distinct()
        .count();
  }

  private <T> void decodeAll(String topic, JsonCodec<T> codec, List<Recorded<T>> into) {
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
    var settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("isolation.level", "read_committed");
    settings.put("enable.auto.commit", "false");
    settings.put("fetch.max.bytes", String.valueOf(8 * Topics.MAX_RECORD_BYTES));
    var records = new ArrayList<ConsumerRecord<byte[], byte[]>>();
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = partitions(topic);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      long deadline = System.nanoTime() + READ_TIMEOUT.toNanos();
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError(topic + " can't be read to its end within " + READ_TIMEOUT);
        }
        consumer.poll(POLL).forEach(records::add);
      }
    }
    return records;
  }

  private List<TopicPartition> partitions(String topic) {
    return IntStream.range(0, topics.partitions())
        .mapToObj(partition -> new TopicPartition(topic, partition))
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
