package dev.penstock.worker.hold;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * What one transaction moves: records to where they go next, and the offsets that they leave
 * behind.
 *
 * @param moved of each partition, how many of its first records move; none where only the offset is
 *     committed
 */
record Hop(
    List<ProducerRecord<byte[], byte[]>> records,
    Map<HeldPartition, Integer> moved,
    Map<TopicPartition, OffsetAndMetadata> offsets) {}
