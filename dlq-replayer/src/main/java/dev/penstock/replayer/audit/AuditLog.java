package dev.penstock.replayer.audit;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.PlanId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Reads the audit's topic. Thread-safe. */
public final class AuditLog {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long FIRST_LOOK = 100;

  /** What the entries that are told together may say, in UTF-16 code units. */
  private static final long MAX_PAGE_CHARS = 4_000_000;

  private final TopicPartition partition;
  private final Supplier<Consumer<byte[], byte[]>> consumers;

  /**
   * @param topic the audit's
   * @param consumers makes consumers of committed records, with {@code auto.offset.reset=none}
   */
  public AuditLog(String topic, Supplier<Consumer<byte[], byte[]>> consumers) {
    this.partition = new TopicPartition(topic, 0);
    this.consumers = consumers;
  }

  /** What a check of all entries came to. */
  public sealed interface Verdict {
    /** Each entry is as it was written, and follows from the one before. */
    record Sound(long entries, String lastHash) implements Verdict {}

    /**
     * Something was changed, left out or put in.
     *
     * @param offset of the first record that does not follow
     */
    record Broken(long offset, String reason) implements Verdict {}
  }

  /**
   * The chain up to the last entry that is committed now. The entry is not checked.
   *
   * @throws KafkaException when the topic can't be read
   * @throws IllegalStateException when the last record is no entry
   */
  public AuditChain last() {
    try (Consumer<byte[], byte[]> consumer = consumers.get()) {
      List<TopicPartition> one = List.of(partition);
      consumer.assign(one);
      long begin = Objects.requireNonNull(consumer.beginningOffsets(one).get(partition));
      long end = Objects.requireNonNull(consumer.endOffsets(one).get(partition));
      // Markers of transactions stand between entries, so the last offsets may hold none.
      for (long back = FIRST_LOOK; ; back *= 10) {
        long from = Math.max(begin, end - back);
        var found = new AuditChain[] {AuditChain.EMPTY};
        read(
            consumer,
            from,
            end,
            record -> {
              found[0] = AuditChain.endingWith(entry(record));
              return true;
            });
        if (from == begin || found[0].sequence() > 0) {
          return found[0];
        }
      }
    }
  }

  private static AuditEntry entry(ConsumerRecord<byte[], byte[]> record) {
    return switch (JsonCodec.AUDIT.decode(record.value())) {
      case Decoded.Value<AuditEntry>(AuditEntry entry) -> entry;
      case Decoded.Refused<AuditEntry>(String reason) ->
          throw new IllegalStateException(
              "the audit has a record at offset "
                  + record.offset()
                  + " that can't be read: "
                  + reason);
    };
  }

  /**
   * Reads everything and says whether it is as it was written.
   *
   * @throws KafkaException when the topic can't be read
   */
  public Verdict verify() {
    try (Consumer<byte[], byte[]> consumer = consumers.get()) {
      List<TopicPartition> one = List.of(partition);
      consumer.assign(one);
      long begin = Objects.requireNonNull(consumer.beginningOffsets(one).get(partition));
      long end = Objects.requireNonNull(consumer.endOffsets(one).get(partition));
      var check = new Check();
      read(consumer, begin, end, check);
      return check
          .broken
          .<Verdict>map(broken -> broken)
          .orElseGet(() -> new Verdict.Sound(check.chain.sequence(), check.chain.hash()));
    }
  }

  private static long chars(AuditEntry entry) {
    return entry.detail() == null ? 0 : entry.detail().text().length();
  }

  /**
   * Some entries, the newest first; fewer where they are large.
   *
   * @param before only those with a smaller sequence number
   * @param plan only those of this plan, or null for all
   * @param limit at most so many
   * @throws KafkaException when the topic can't be read
   * @throws IllegalStateException when a record is no entry
   */
  public List<AuditEntry> newest(long before, @Nullable PlanId plan, int limit) {
    try (Consumer<byte[], byte[]> consumer = consumers.get()) {
      List<TopicPartition> one = List.of(partition);
      consumer.assign(one);
      long begin = Objects.requireNonNull(consumer.beginningOffsets(one).get(partition));
      long end = Objects.requireNonNull(consumer.endOffsets(one).get(partition));
      var last = new ArrayDeque<AuditEntry>();
      var chars = new long[1];
      read(
          consumer,
          begin,
          end,
          record -> {
            AuditEntry entry = entry(record);
            if (entry.sequence() >= before) {
              return false;
            }
            if (plan == null || plan.equals(entry.plan())) {
              last.addLast(entry);
              chars[0] += chars(entry);
              while (last.size() > limit || (chars[0] > MAX_PAGE_CHARS && last.size() > 1)) {
                chars[0] -= chars(last.removeFirst());
              }
            }
            return true;
          });
      return List.copyOf(last).reversed();
    }
  }

  /** Takes records; returns whether it wants more. */
  private interface Taker {
    boolean take(ConsumerRecord<byte[], byte[]> record);
  }

  private static final class Check implements Taker {
    private AuditChain chain = AuditChain.EMPTY;
    private Optional<Verdict.Broken> broken = Optional.empty();

    @Override
    public boolean take(ConsumerRecord<byte[], byte[]> record) {
      Optional<String> problem =
          switch (JsonCodec.AUDIT.decode(record.value())) {
            case Decoded.Value<AuditEntry>(AuditEntry entry) -> {
              Optional<String> found = chain.problem(entry);
              chain = AuditChain.endingWith(entry);
              yield found;
            }
            case Decoded.Refused<AuditEntry>(String reason) ->
                Optional.of("it can't be read: " + reason);
          };
      broken = problem.map(reason -> new Verdict.Broken(record.offset(), reason));
      return broken.isEmpty();
    }
  }

  private void read(Consumer<byte[], byte[]> consumer, long from, long to, Taker taker) {
    consumer.seek(partition, from);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (consumer.position(partition) < to) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL).records(partition)) {
        if (!taker.take(record)) {
          return;
        }
        deadline = System.nanoTime() + PATIENCE.toNanos();
      }
      if (System.nanoTime() > deadline) {
        throw new KafkaException(
            partition + " was not read to its end", new TimeoutException(PATIENCE.toString()));
      }
    }
  }
}
