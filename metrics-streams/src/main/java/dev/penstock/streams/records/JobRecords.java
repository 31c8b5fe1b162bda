package dev.penstock.streams.records;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.Origin;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads the records of one job from the topics: its own, at the offset that the view knows, and its
 * events, around the times that the view knows. Bounded in records, bytes and time; what the bounds
 * cut is said. Thread-safe.
 */
public final class JobRecords implements AutoCloseable {
  /** The most records that are looked at for one answer. */
  static final int MAX_SCANNED = 50_000;

  /** Values beyond so many bytes in sum are left out. */
  static final int MAX_BYTES = 5_000_000;

  /** How long one answer may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(6);

  /** An event's own time is its worker's; the broker's may be a little earlier. */
  private static final Duration BEFORE = Duration.ofSeconds(2);

  /** How much later than its own time an event is looked for: it is committed soon. */
  private static final Duration AFTER = Duration.ofSeconds(60);

  private static final Duration POLL = Duration.ofMillis(100);

  private final Topics topics;
  private final Readers readers;

  /**
   * @param consumers makes readers that read committed records, belong to no group, and fail where
   *     they have no position
   */
  public JobRecords(Topics topics, Supplier<Consumer<byte[], byte[]>> consumers) {
    this.topics = topics;
    this.readers = new Readers(consumers);
  }

  /** The records can't be read now. */
  public static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1L;

    Unavailable(String message) {
      super(message);
    }

    Unavailable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * What stands on the topics of a job's present generation.
   *
   * @param records in the order of the job's life
   * @param missing why not all of them are here, for people; null when they are
   */
  public record Found(List<TopicRecord> records, @Nullable String missing) {}

  /**
   * The job's record and its events.
   *
   * @param partition of the job
   * @param life what the view knows of it
   */
  public Found records(JobId id, int partition, JobLife life)
      throws Unavailable, InterruptedException {
    return read(reader -> {
      var missing = new ArrayList<String>();
      var found = new ArrayList<ConsumerRecord<byte[], byte[]>>();
      var deadline = new Until(PATIENCE);
      Optional<ConsumerRecord<byte[], byte[]>> own = own(reader, id, partition, life, deadline);
      own.ifPresentOrElse(
          found::add, () -> missing.add("the job's own record is no longer on its topic"));
      events(reader, id, partition, life, deadline, found, missing);
      int left = MAX_BYTES;
      var shown = new ArrayList<TopicRecord>();
      for (ConsumerRecord<byte[], byte[]> record : found) {
        int bytes = record.value() == null ? 0 : record.value().length;
        shown.add(TopicRecord.of(record, bytes <= left));
        left -= Math.min(bytes, left);
      }
      return new Found(List.copyOf(shown), missing.isEmpty() ? null : String.join("; ", missing));
    });
  }

  /** The job's input as it was submitted; nothing when its record is no longer there. */
  public Optional<JsonNode> input(JobId id, int partition, JobLife life)
      throws Unavailable, InterruptedException {
    return read(reader -> own(reader, id, partition, life, new Until(PATIENCE)))
        .map(record -> TopicRecord.of(record, true).value())
        .map(value -> value.path("job").path("input"))
        .filter(JsonNode::isObject);
  }

  private interface Reading<T> {
    T with(Consumer<byte[], byte[]> reader) throws Unavailable;
  }

  private <T> T read(Reading<T> reading) throws Unavailable, InterruptedException {
    Consumer<byte[], byte[]> reader =
        readers
            .borrow(PATIENCE)
            .orElseThrow(() -> new Unavailable("too many read records at once"));
    boolean sound = false;
    try {
      T result = reading.with(reader);
      sound = true;
      return result;
    } catch (KafkaException e) {
      throw new Unavailable("Kafka does not answer: " + e.getMessage(), e);
    } finally {
      readers.giveBack(reader, sound);
    }
  }

  private Optional<ConsumerRecord<byte[], byte[]>> own(
      Consumer<byte[], byte[]> reader, JobId id, int partition, JobLife life, Until deadline)
      throws Unavailable {
    JobLife.Profile profile = life.profile();
    Origin origin = profile == null ? null : profile.origin();
    if (origin == null) {
      return Optional.empty();
    }
    var place = new TopicPartition(origin.input().topic(topics), partition);
    reader.assign(List.of(place));
    reader.seek(place, origin.offset());
    try {
      while (!deadline.isOver()) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
          return Optional.of(record)
              .filter(first -> first.offset() == origin.offset() && isOf(first, id));
        }
      }
    } catch (OffsetOutOfRangeException _) {
      return Optional.empty();
    }
    throw new Unavailable("Kafka did not give the job's record in time");
  }

  private void events(
      Consumer<byte[], byte[]> reader,
      JobId id,
      int partition,
      JobLife life,
      Until deadline,
      List<ConsumerRecord<byte[], byte[]>> found,
      List<String> missing) {
    List<Instant> times = times(life);
    var place = new TopicPartition(Input.EVENTS.topic(topics), partition);
    reader.assign(List.of(place));
    int had = found.size();
    int scanned = 0;
    long position = 0;
    for (int i = 0; i < times.size(); i++) {
      if (found.size() - had > i) {
        continue;
      }
      Map<TopicPartition, @Nullable OffsetAndTimestamp> offsets =
          reader.offsetsForTimes(Map.of(place, times.get(i).minus(BEFORE).toEpochMilli()));
      OffsetAndTimestamp from = offsets.get(place);
      if (from == null) {
        continue;
      }
      position = Math.max(position, from.offset());
      reader.seek(place, position);
      long until = times.get(i).plus(AFTER).toEpochMilli();
      boolean searching = true;
      while (searching) {
        if (scanned >= MAX_SCANNED || deadline.isOver()) {
          missing.add(
              "the search for events ended after "
                  + scanned
                  + " records of "
                  + place
                  + ", at offset "
                  + position);
          return;
        }
        List<ConsumerRecord<byte[], byte[]>> polled = reader.poll(POLL).records(place);
        for (ConsumerRecord<byte[], byte[]> record : polled) {
          if (!searching) {
            break;
          }
          scanned++;
          position = record.offset() + 1;
          if (isOf(record, id)) {
            found.add(record);
          }
          searching = found.size() - had <= i && record.timestamp() <= until;
        }
        if (polled.isEmpty() && atEnd(reader, place)) {
          searching = false;
        }
      }
    }
    int absent = times.size() - (found.size() - had);
    if (absent > 0) {
      missing.add(absent + " of its events are no longer on " + place.topic());
    }
  }

  private static boolean atEnd(Consumer<byte[], byte[]> reader, TopicPartition place) {
    Long end = reader.endOffsets(List.of(place)).get(place);
    return end == null || reader.position(place) >= end;
  }

  /** When the events happened that the view knows of, in order. */
  private static List<Instant> times(JobLife life) {
    var times = new ArrayList<Instant>();
    for (JobLife.AttemptLife attempt : life.attempts()) {
      attempt.starts().forEach(start -> times.add(start.at()));
      if (attempt.retry() != null) {
        times.add(attempt.retry().at());
      }
    }
    if (life.end() != null) {
      times.add(life.end().at());
    }
    times.sort(null);
    return times;
  }

  private static boolean isOf(ConsumerRecord<byte[], byte[]> record, JobId id) {
    return record.key() != null
        && Arrays.equals(record.key(), id.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** A moment by which something is to have happened. */
  private static final class Until {
    private final long nanos;

    Until(Duration patience) {
      this.nanos = System.nanoTime() + patience.toNanos();
    }

    boolean isOver() {
      return System.nanoTime() - nanos >= 0;
    }
  }

  @Override
  public void close() {
    readers.close();
  }
}
