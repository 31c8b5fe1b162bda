package dev.penstock.replayer.look;

import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

/** The topic of dead letters in Kafka. */
public final class KafkaLetterLog implements LetterLog {
  /** So many partitions are read side by side, whatever their number: that bounds the memory. */
  static final int MAX_SIDE_BY_SIDE = 16;

  /** Of a partition so much is fetched at once; a record that is larger comes alone. */
  private static final int PARTITION_FETCH_BYTES = 512 * 1024;

  private static final int FETCH_BYTES = MAX_SIDE_BY_SIDE * PARTITION_FETCH_BYTES;
  private static final int MAX_POLL_RECORDS = 1_000;

  /** A fetch ahead that waits for what is not there yet holds back the next reading so long. */
  private static final int FETCH_WAIT_MILLIS = 5;

  private static final Duration POLL = Duration.ofMillis(100);

  /** Kafka does not answer when nothing has come for so long, though there is more. */
  private static final Duration STALLED = Duration.ofSeconds(30);

  private final Clients clients;
  private final KafkaConfig kafka;
  private final InstantSource clock;

  /**
   * @param clock for how long it reads
   */
  public KafkaLetterLog(Clients clients, KafkaConfig kafka, InstantSource clock) {
    this.clients = clients;
    this.kafka = kafka;
    this.clock = clock;
  }

  @Override
  public int partitions() {
    return kafka.topics().partitions();
  }

  @Override
  public Session open() {
    Map<String, Object> settings = kafka.clientSettings("penstock-replayer-look");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES);
    settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MILLIS);
    String topic = kafka.topics().deadLetters();
    return new Reader(
        clients.consumer(settings),
        IntStream.range(0, partitions()).mapToObj(p -> new TopicPartition(topic, p)).toList(),
        clock);
  }

  private static final class Reader implements Session {
    private final Consumer<byte[], byte[]> consumer;
    private final List<TopicPartition> all;
    private final InstantSource clock;

    Reader(Consumer<byte[], byte[]> consumer, List<TopicPartition> all, InstantSource clock) {
      this.consumer = consumer;
      this.all = all;
      this.clock = clock;
    }

    @Override
    public List<Long> starts() throws InterruptedException {
      consumer.assign(all);
      return inOrder(interruptibly(() -> consumer.beginningOffsets(all)));
    }

    @Override
    public List<Long> ends() throws InterruptedException {
      consumer.assign(all);
      return inOrder(interruptibly(() -> consumer.endOffsets(all)));
    }

    private List<Long> inOrder(Map<TopicPartition, Long> offsets) {
      return all.stream().map(each -> Objects.requireNonNull(offsets.get(each))).toList();
    }

    @Override
    public boolean read(Map<Integer, Span> spans, Duration limit, Visitor visitor)
        throws InterruptedException {
      Instant deadline = clock.instant().plus(limit);
      var wanted = new TreeMap<>(spans);
      wanted.values().removeIf(span -> span.from() >= span.end());
      var partitions = new ArrayList<>(wanted.keySet());
      for (int i = 0; i < partitions.size(); i += MAX_SIDE_BY_SIDE) {
        var ends = new HashMap<TopicPartition, Long>();
        var from = new HashMap<TopicPartition, Long>();
        for (int partition :
            partitions.subList(i, Math.min(partitions.size(), i + MAX_SIDE_BY_SIDE))) {
          Span span = Objects.requireNonNull(wanted.get(partition));
          ends.put(all.get(partition), span.end());
          from.put(all.get(partition), span.from());
        }
        if (!interruptibly(() -> sideBySide(from, ends, deadline, visitor))) {
          return false;
        }
      }
      return true;
    }

    private boolean sideBySide(
        Map<TopicPartition, Long> from,
        Map<TopicPartition, Long> ends,
        Instant deadline,
        Visitor visitor) {
      consumer.assign(ends.keySet());
      // Those that an earlier reading was done with are still paused.
      consumer.resume(ends.keySet());
      from.forEach(consumer::seek);
      var open = new HashMap<>(ends);
      Instant movedAt = clock.instant();
      while (!open.isEmpty()) {
        Instant now = clock.instant();
        if (!now.isBefore(deadline)) {
          return false;
        }
        if (now.isAfter(movedAt.plus(STALLED))) {
          throw new TimeoutException(
              "no dead letter could be read for " + STALLED.toSeconds() + " s; there are more");
        }
        ConsumerRecords<byte[], byte[]> polled = poll();
        for (TopicPartition each : List.copyOf(open.keySet())) {
          long end = Objects.requireNonNull(open.get(each));
          for (ConsumerRecord<byte[], byte[]> record : polled.records(each)) {
            if (record.offset() < end) {
              visitor.visit(new LetterRecord(record));
            }
          }
          long position = consumer.position(each);
          if (position > Objects.requireNonNull(from.put(each, position))) {
            movedAt = now;
          }
          if (position >= end) {
            open.remove(each);
            consumer.pause(List.of(each));
          }
        }
      }
      return true;
    }

    private ConsumerRecords<byte[], byte[]> poll() {
      try {
        return consumer.poll(POLL);
      } catch (OffsetOutOfRangeException e) {
        Map<TopicPartition, Long> starts = consumer.beginningOffsets(e.partitions());
        e.offsetOutOfRangePartitions()
            .forEach((partition, offset) -> {
              long start = Objects.requireNonNull(starts.get(partition));
              if (start <= offset) {
                // It is past the end: the log is another one.
                throw e;
              }
              consumer.seek(partition, start);
            });
        return ConsumerRecords.empty();
      }
    }

    /** Kafka sets the thread's mark again, and what closes the consumer would stumble over it. */
    private static <T> T interruptibly(Supplier<T> asked) throws InterruptedException {
      try {
        return asked.get();
      } catch (InterruptException _) {
        var _ = Thread.interrupted();
        throw new InterruptedException("interrupted while dead letters were read");
      }
    }

    @Override
    public void close() {
      consumer.close();
    }
  }
}
