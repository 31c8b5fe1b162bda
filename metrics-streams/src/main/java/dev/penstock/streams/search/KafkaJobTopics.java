package dev.penstock.streams.search;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.streams.view.Input;
import dev.penstock.topic.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Reads with a consumer of its own, in no group, that is closed when the end is reached. */
final class KafkaJobTopics implements JobTopics {
  private static final Duration POLL = Duration.ofMillis(200);

  private final Topics topics;
  private final SearchText texts;
  private final Supplier<Consumer<byte[], byte[]>> consumers;

  /**
   * @param consumers makes read-committed ones that never start elsewhere than they were told
   */
  KafkaJobTopics(Topics topics, SearchText texts, Supplier<Consumer<byte[], byte[]>> consumers) {
    this.topics = topics;
    this.texts = texts;
    this.consumers = consumers;
  }

  @Override
  public Offsets beginnings(int partition) {
    try (Consumer<byte[], byte[]> consumer = assigned(partition)) {
      return offsets(partition, consumer.beginningOffsets(all(partition)));
    }
  }

  @Override
  public Offsets ends(int partition) {
    try (Consumer<byte[], byte[]> consumer = assigned(partition)) {
      return offsets(partition, consumer.endOffsets(all(partition)));
    }
  }

  /**
   * A read-committed consumer notes what it is told of the ends of its partitions, and logs a
   * warning for each that is not its own.
   */
  private Consumer<byte[], byte[]> assigned(int partition) {
    Consumer<byte[], byte[]> consumer = consumers.get();
    consumer.assign(all(partition));
    return consumer;
  }

  private List<TopicPartition> all(int partition) {
    var all = new ArrayList<TopicPartition>();
    for (Input input : Input.values()) {
      all.add(of(input, partition));
    }
    return all;
  }

  private TopicPartition of(Input input, int partition) {
    return new TopicPartition(input.topic(topics), partition);
  }

  private Offsets offsets(int partition, Map<TopicPartition, Long> found) {
    return Offsets.of(input ->
        Optional.ofNullable(found.get(of(input, partition)))
            .orElseThrow(
                () -> new IllegalStateException("Kafka does not tell of " + of(input, partition))));
  }

  @Override
  public void read(int partition, Offsets from, Offsets to, Chunks chunks) throws IOException {
    var left = new EnumMap<Input, TopicPartition>(Input.class);
    for (Input input : Input.values()) {
      if (from.of(input) < to.of(input)) {
        left.put(input, of(input, partition));
      }
    }
    Offsets reached = from;
    try (Consumer<byte[], byte[]> consumer = consumers.get()) {
      consumer.assign(left.values());
      left.forEach((input, each) -> consumer.seek(each, from.of(input)));
      while (!left.isEmpty()) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        for (Map.Entry<Input, TopicPartition> each : List.copyOf(left.entrySet())) {
          // Beyond markers and what was aborted too.
          long position = consumer.position(each.getValue());
          // What stands beyond may not be in the stores yet.
          reached = reached.with(each.getKey(), Math.min(position, to.of(each.getKey())));
          if (position >= to.of(each.getKey())) {
            consumer.pause(List.of(each.getValue()));
            left.remove(each.getKey());
          }
        }
        if (!chunks.take(jobs(records), reached)) {
          return;
        }
      }
    }
  }

  private Map<JobId, Optional<Submitted>> jobs(ConsumerRecords<byte[], byte[]> records) {
    var jobs = new LinkedHashMap<JobId, Optional<Submitted>>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      Input input =
          Input.of(topics, record.topic())
              .orElseThrow(() -> new IllegalStateException("not an input: " + record.topic()));
      JobId id = id(record.key());
      if (id != null) {
        jobs.merge(id, submitted(id, input, record), (a, b) -> b.isPresent() ? b : a);
      }
    }
    return jobs;
  }

  private Optional<Submitted> submitted(
      JobId id, Input input, ConsumerRecord<byte[], byte[]> record) {
    return Input.submissions().contains(input)
            && JsonCodec.JOB_RECORDS.decode(record.value())
                instanceof Decoded.Value<JobRecord>(JobRecord job)
            && job.job().id().equals(id)
        ? Optional.of(Submitted.of(job.job(), texts))
        : Optional.empty();
  }

  /** The job's id, or null: what is no id is of no job in the view either. */
  private static @Nullable JobId id(byte @Nullable [] key) {
    return key == null
        ? null
        : JobId.parse(new String(key, StandardCharsets.UTF_8))
            .or(() -> RetryNowRecords.jobOf(key))
            .orElse(null);
  }
}
