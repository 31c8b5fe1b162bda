package dev.penstock.api.idempotency;

import dev.penstock.codec.Decoded;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.KafkaPartitionLog;
import dev.penstock.runtime.ownership.LogUnavailableException;
import dev.penstock.runtime.ownership.PartitionLog;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A partition of the idempotency topic. */
final class KafkaClaimLog implements ClaimLog {
  private static final Logger log = LoggerFactory.getLogger(KafkaClaimLog.class);

  /** Claims state their own time; the broker's clock may differ by this much. */
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(10);

  private final TopicPartition partition;
  private final PartitionLog records;

  KafkaClaimLog(KafkaConfig kafka, Duration timeout, int partition) {
    this.partition = new TopicPartition(kafka.topics().idempotency(), partition);
    this.records = new KafkaPartitionLog(kafka, timeout, this.partition, "intake-keys");
  }

  @Override
  public void open(Instant since, Reader reader) throws LogUnavailableException {
    records.open(since.minus(CLOCK_SKEW), record -> read(record, reader));
  }

  private static void read(ConsumerRecord<byte[], byte[]> record, Reader reader) {
    Optional<Digest> key =
        record.key() == null
            ? Optional.empty()
            : Digest.parse(new String(record.key(), StandardCharsets.ISO_8859_1));
    if (key.isEmpty()) {
      log.error("{} has a record at {} that is no claim", record.topic(), record.offset());
      return;
    }
    switch (IdempotencyClaim.CODEC.decode(record.value())) {
      case Decoded.Value<IdempotencyClaim>(IdempotencyClaim claim) ->
          Digest.parse(claim.fingerprint())
              .ifPresentOrElse(
                  print -> reader.claim(key.get(), print, claim.jobId(), claim.claimedAt()),
                  () -> unreadable(record, key.get(), "its fingerprint is none", reader));
      case Decoded.Refused<IdempotencyClaim>(String reason) ->
          unreadable(record, key.get(), reason, reader);
    }
  }

  private static void unreadable(
      ConsumerRecord<byte[], byte[]> record, Digest key, String reason, Reader reader) {
    log.error(
        "the claim at {}-{} offset {} can't be read: {}; submissions with its key are refused",
        record.topic(),
        record.partition(),
        record.offset(),
        reason);
    reader.unreadable(key);
  }

  @Override
  public Commit commit(List<Entry> entries) {
    var written = new ArrayList<ProducerRecord<byte[], byte[]>>();
    for (Entry entry : entries) {
      written.add(claimRecord(entry));
      written.addAll(entry.jobRecords());
    }
    return records.commit(written);
  }

  private ProducerRecord<byte[], byte[]> claimRecord(Entry entry) {
    var claim = new IdempotencyClaim(entry.id(), entry.fingerprint().hex(), entry.claimedAt());
    return new ProducerRecord<>(
        partition.topic(),
        partition.partition(),
        entry.key().recordKey(),
        IdempotencyClaim.CODEC.encode(claim));
  }

  @Override
  public void close() {
    records.close();
  }
}
