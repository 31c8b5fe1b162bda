package dev.penstock.replayer.travel;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Reads single records by where they stand. Used by one thread.
 *
 * @param consumer of committed records, with {@code auto.offset.reset=none}; assigned by this
 */
record Records(Consumer<byte[], byte[]> consumer) {
  /** What stands nearer than this to what was read last is read up to. */
  private static final long NEAR = 500;

  private static final Duration POLL = Duration.ofMillis(200);

  /** After so many polls without anything Kafka does not answer: 30 s. */
  private static final int MAX_EMPTY_POLLS = 150;

  /**
   * The records at these places; those that are not there any more are left out.
   *
   * @param places few enough for all of them to be in memory
   * @throws org.apache.kafka.common.KafkaException when Kafka does not answer
   */
  Map<Place, ConsumerRecord<byte[], byte[]>> read(Collection<Place> places) {
    var found = new HashMap<Place, ConsumerRecord<byte[], byte[]>>();
    var ordered = new TreeSet<>(places);
    while (!ordered.isEmpty()) {
      Place first = ordered.first();
      var partition = new TopicPartition(first.topic(), first.partition());
      var ofPartition =
          new TreeSet<>(
              ordered.subSet(
                  first, true, new Place(first.topic(), first.partition(), Long.MAX_VALUE), true));
      ordered.removeAll(ofPartition);
      read(partition, ofPartition, found);
    }
    return found;
  }

  private void read(
      TopicPartition partition,
      TreeSet<Place> wanted,
      Map<Place, ConsumerRecord<byte[], byte[]>> found) {
    List<TopicPartition> one = List.of(partition);
    consumer.assign(one);
    long begin = Objects.requireNonNull(consumer.beginningOffsets(one).get(partition));
    long end = Objects.requireNonNull(consumer.endOffsets(one).get(partition));
    wanted.removeIf(place -> place.offset() < begin || place.offset() >= end);
    boolean sought = false;
    int empty = 0;
    while (!wanted.isEmpty()) {
      long next = wanted.first().offset();
      if (!sought || next - consumer.position(partition) > NEAR) {
        consumer.seek(partition, next);
        sought = true;
      }
      try {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL).records(partition)) {
          var place = new Place(partition.topic(), partition.partition(), record.offset());
          if (wanted.contains(place)) {
            found.put(place, record);
          }
        }
      } catch (OffsetOutOfRangeException _) {
        // Deleted meanwhile: they are not there any more.
        wanted.pollFirst();
        sought = false;
        continue;
      }
      long position = consumer.position(partition);
      wanted.removeIf(place -> place.offset() < position);
      empty = position > next ? 0 : empty + 1;
      if (empty == MAX_EMPTY_POLLS) {
        throw new TimeoutException(partition + " was not read from " + next + " on in time");
      }
    }
  }
}
