package dev.penstock.worker.hold;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the owned partitions of the holds from their first record to their end, when someone asks
 * for jobs that wait there, and hands over what it reads. One search serves all requests that came
 * before it. It works in slices of a few milliseconds on the thread of its owner, decides nothing
 * and commits nothing.
 */
final class HoldSearch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HoldSearch.class);

  /** What is settled at once, as most requests are, is not searched for. */
  private static final Duration LINGER = Duration.ofMillis(150);

  /** A search is followed by a rest of so many times its own duration. */
  private static final int REST = 2;

  private static final Duration SLICE = Duration.ofMillis(5);
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(1);

  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final Requests requests;
  private final InstantSource clock;

  /** Where the search is under way, and where it ends. */
  private final Map<TopicPartition, Stretch> searched = new HashMap<>();

  private @Nullable Consumer<byte[], byte[]> consumer;
  private @Nullable Instant noticedAt;
  private Instant begunAt = Instant.EPOCH;
  private Instant restsUntil = Instant.EPOCH;

  /** A partition for as long as it is owned without a break, and the end of what is searched. */
  private record Stretch(HeldPartition partition, long end) {}

  /**
   * @param consumers makes one that reads committed records and belongs to no group
   */
  HoldSearch(Supplier<Consumer<byte[], byte[]>> consumers, Requests requests, InstantSource clock) {
    this.consumers = consumers;
    this.requests = requests;
    this.clock = clock;
  }

  boolean isUnderWay() {
    return !searched.isEmpty();
  }

  /**
   * Goes on for some milliseconds, or begins when it is time.
   *
   * @param owned all partitions that are owned now
   */
  void goOn(Map<TopicPartition, HeldPartition> owned) {
    if (searched.isEmpty()) {
      begin(owned.values());
    } else {
      slice(owned);
    }
  }

  private void begin(Collection<HeldPartition> owned) {
    Instant now = clock.instant();
    List<HeldPartition> wanted =
        owned.stream().filter(each -> each.coverage().wantsSearch(requests, now)).toList();
    if (wanted.isEmpty()) {
      noticedAt = null;
      return;
    }
    if (noticedAt == null) {
      noticedAt = now;
    }
    if (now.isBefore(noticedAt.plus(LINGER)) || now.isBefore(restsUntil)) {
      return;
    }
    noticedAt = null;
    begunAt = now;
    if (consumer == null) {
      consumer = consumers.get();
    }
    Consumer<byte[], byte[]> reader = consumer;
    List<TopicPartition> partitions = wanted.stream().map(HeldPartition::partition).toList();
    wanted.forEach(each -> each.coverage().begins(requests));
    reader.assign(partitions);
    // What it was assigned before stays paused.
    reader.resume(partitions);
    wanted.forEach(each -> reader.seek(each.partition(), each.committed()));
    Map<TopicPartition, Long> ends;
    try {
      ends = reader.endOffsets(partitions, CALL_TIMEOUT);
    } catch (TimeoutException e) {
      log.debug("the ends of {} are not known now", partitions, e);
      wanted.forEach(each -> each.coverage().failed());
      rest(now);
      return;
    }
    for (HeldPartition each : wanted) {
      long end = Objects.requireNonNull(ends.get(each.partition()));
      if (end > each.committed()) {
        searched.put(each.partition(), new Stretch(each, end));
      } else {
        reader.pause(List.of(each.partition()));
        each.coverage().ended(now);
      }
    }
    if (searched.isEmpty()) {
      rest(now);
    }
  }

  private void slice(Map<TopicPartition, HeldPartition> owned) {
    Consumer<byte[], byte[]> reader = Objects.requireNonNull(consumer);
    List.copyOf(searched.values()).stream()
        .filter(each -> owned.get(each.partition().partition()) != each.partition())
        .forEach(each -> leave(reader, each));
    try {
      ConsumerRecords<byte[], byte[]> records = reader.poll(SLICE);
      for (TopicPartition partition : records.partitions()) {
        Stretch stretch = searched.get(partition);
        if (stretch != null) {
          records.records(partition).forEach(stretch.partition()::found);
        }
      }
      for (Stretch each : List.copyOf(searched.values())) {
        if (reader.position(each.partition().partition(), CALL_TIMEOUT) >= each.end()) {
          each.partition().coverage().ended(clock.instant());
          leave(reader, each);
        }
      }
    } catch (OffsetOutOfRangeException | TimeoutException e) {
      // What has moved on is deleted while it is read, or Kafka does not answer: the next search
      // begins at the first record that waits then.
      log.debug("a search in the holds is given up", e);
      searched.values().forEach(each -> each.partition().coverage().failed());
      searched.clear();
    }
    if (searched.isEmpty()) {
      rest(clock.instant());
    }
  }

  private void leave(Consumer<byte[], byte[]> reader, Stretch stretch) {
    TopicPartition partition = stretch.partition().partition();
    searched.remove(partition);
    reader.pause(List.of(partition));
  }

  private void rest(Instant now) {
    restsUntil = now.plus(Duration.between(begunAt, now).multipliedBy(REST));
  }

  @Override
  public void close() {
    Consumer<byte[], byte[]> reader = consumer;
    if (reader != null) {
      try {
        reader.close(CloseOptions.timeout(CALL_TIMEOUT));
      } catch (KafkaException e) {
        log.warn("the consumer that searches the holds did not close cleanly", e);
      }
    }
  }
}
