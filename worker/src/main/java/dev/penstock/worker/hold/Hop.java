package dev.penstock.worker.hold;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * What one transaction moves: records to where they go next, and the offsets that they leave
 * behind, with what has moved on beyond these.
 *
 * @param moved what leaves each partition; nothing where only the offset is committed
 */
record Hop(
    List<ProducerRecord<byte[], byte[]>> records,
    Map<HeldPartition, Departure> moved,
    Map<TopicPartition, OffsetAndMetadata> offsets) {}
