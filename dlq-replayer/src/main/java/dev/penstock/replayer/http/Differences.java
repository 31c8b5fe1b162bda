package dev.penstock.replayer.http;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replayer.look.LetterId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What plans had selected and left as it is, read from the ledgers. Thread-safe.
 *
 * @param topic the ledgers'
 * @param consumers makes consumers of committed records, with {@code auto.offset.reset=none}
 */
public record Differences(String topic, Supplier<Consumer<byte[], byte[]>> consumers) {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Where a page ends: a place in the ledgers, as text like the place of a dead letter. */
  private static LetterId start(@Nullable String cursor) {
    return cursor == null
        ? new LetterId(0, 0)
        : LetterId.parse(cursor)
            .orElseThrow(() -> Query.invalid("cursor", "must be the next of a page"));
  }

  /**
   * A page of them. Partitions in which the plan has left nothing as it is are not read.
   *
   * @param progress how far the plan has come, by partition
   * @param cursor the {@code next} of the page before, or null for the first one
   */
  ObjectNode page(
      PlanId plan, Map<Integer, Progress> progress, @Nullable String cursor, int limit) {
    LetterId start = start(cursor);
    ObjectNode json = Json.MAPPER.createObjectNode();
    ArrayNode told = json.putArray("differences");
    byte[] prefix = ("plan/" + plan + "/").getBytes(StandardCharsets.UTF_8);
    try (Consumer<byte[], byte[]> consumer = consumers.get()) {
      for (Map.Entry<Integer, Progress> each : new TreeMap<>(progress).entrySet()) {
        int partition = each.getKey();
        if (partition < start.partition() || each.getValue().tally().refused().isEmpty()) {
          continue;
        }
        long from = partition == start.partition() ? start.offset() : 0;
        Optional<Long> next = read(consumer, partition, from, prefix, limit, told);
        if (next.isPresent()) {
          json.put("next", new LetterId(partition, next.get()).toString());
          break;
        }
      }
    }
    return json;
  }

  /** From where there may be more; nothing when the partition was read to its end. */
  private Optional<Long> read(
      Consumer<byte[], byte[]> consumer,
      int number,
      long from,
      byte[] prefix,
      int limit,
      ArrayNode told) {
    var partition = new TopicPartition(topic, number);
    List<TopicPartition> one = List.of(partition);
    consumer.assign(one);
    long begin = Objects.requireNonNull(consumer.beginningOffsets(one).get(partition));
    long end = Objects.requireNonNull(consumer.endOffsets(one).get(partition));
    consumer.seek(partition, Math.max(begin, from));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (consumer.position(partition) < end) {
      if (System.nanoTime() > deadline) {
        throw new TimeoutException(partition + " was not read to its end within " + PATIENCE);
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL).records(partition)) {
        if (startsWith(record.key(), prefix)) {
          if (told.size() == limit) {
            return Optional.of(record.offset());
          }
          tell(record, told);
        }
      }
    }
    return Optional.empty();
  }

  private static boolean startsWith(byte @Nullable [] key, byte[] prefix) {
    return key != null
        && key.length > prefix.length
        && java.util.Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static void tell(ConsumerRecord<byte[], byte[]> record, ArrayNode told) {
    if (record.value() != null
        && JsonCodec.LEDGER.decode(record.value()) instanceof Decoded.Value<LedgerRecord> read
        && read.value() instanceof LedgerRecord.Refused refused) {
      ObjectNode difference =
          told.addObject()
              .put("letter", new LetterId(record.partition(), refused.offset()).toString())
              .put("reason", refused.reason().wireName())
              .put("at", refused.at().toString());
      if (refused.detail() != null) {
        difference.put("detail", refused.detail());
      }
    }
  }
}
