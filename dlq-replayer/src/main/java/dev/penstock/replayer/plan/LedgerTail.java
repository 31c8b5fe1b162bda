package dev.penstock.replayer.plan;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Follows how far plans have come in all partitions. Used by one thread. */
final class LedgerTail implements AutoCloseable {
  private static final String PLAN = "plan/";

  private final Consumer<byte[], byte[]> consumer;
  private final Map<PlanId, Map<Integer, Progress>> progress = new HashMap<>();

  /**
   * @param consumer of committed records; closed with this
   */
  LedgerTail(Consumer<byte[], byte[]> consumer, String topic, int partitions) {
    this.consumer = consumer;
    List<TopicPartition> all =
        IntStream.range(0, partitions)
            .mapToObj(partition -> new TopicPartition(topic, partition))
            .toList();
    consumer.assign(all);
    consumer.seekToBeginning(all);
  }

  /**
   * Reads all that is committed now.
   *
   * @param stop whether nobody wants that any more
   */
  void catchUp(BooleanSupplier stop) {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    while (!stop.getAsBoolean()
        && ends.entrySet().stream()
            .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      follow(Duration.ofMillis(200));
    }
  }

  /** Reads what there is, and waits for the first of it at most so long. */
  void follow(Duration patience) {
    consumer.poll(patience).forEach(this::take);
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    // What became of single dead letters is most of the ledger, and not even decoded.
    String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    if (key.startsWith(PLAN)
        && key.indexOf('/', PLAN.length()) < 0
        && JsonCodec.LEDGER.decode(record.value()) instanceof Decoded.Value<LedgerRecord> read
        && read.value() instanceof Progress last) {
      progress.computeIfAbsent(last.plan(), _ -> new HashMap<>()).put(record.partition(), last);
    }
  }

  /** How far the plan has come, by partition, as far as was read. */
  Map<Integer, Progress> of(PlanId plan) {
    return progress.getOrDefault(plan, Map.of());
  }

  @Override
  public void close() {
    consumer.close();
  }
}
