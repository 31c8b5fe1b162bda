package dev.penstock.replayer.plan;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Follows how far plans have come in all partitions, and which versions of them are written
 * meanwhile. Used by one thread.
 */
final class LedgerTail implements AutoCloseable {
  private static final String PLAN = "plan/";

  private final Consumer<byte[], byte[]> consumer;
  private final TopicPartition plans;
  private final Map<PlanId, Map<Integer, Progress>> progress = new HashMap<>();
  private final Map<PlanId, PlanRecord.Plan> written = new HashMap<>();

  /**
   * @param consumer of committed records; closed with this
   * @param plansFrom from which offset on versions of plans are of interest
   */
  LedgerTail(Consumer<byte[], byte[]> consumer, Topics topics, long plansFrom) {
    this.consumer = consumer;
    this.plans = new TopicPartition(topics.dlqPlans(), 0);
    List<TopicPartition> ledger =
        IntStream.range(0, topics.partitions())
            .mapToObj(partition -> new TopicPartition(topics.dlqLedger(), partition))
            .toList();
    var all = new ArrayList<>(ledger);
    all.add(plans);
    consumer.assign(all);
    consumer.seekToBeginning(ledger);
    consumer.seek(plans, plansFrom);
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
    if (record.topic().equals(plans.topic())) {
      if (record.value() != null
          && JsonCodec.PLANS.decode(record.value()) instanceof Decoded.Value<PlanRecord> read
          && read.value() instanceof PlanRecord.Plan plan) {
        written.put(plan.id(), plan);
      }
      return;
    }
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

  /** The last version of each plan that was written meanwhile, as far as was read. */
  Map<PlanId, PlanRecord.Plan> written() {
    return written;
  }

  @Override
  public void close() {
    consumer.close();
  }
}
