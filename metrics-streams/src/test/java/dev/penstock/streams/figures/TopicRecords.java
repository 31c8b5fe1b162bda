package dev.penstock.streams.figures;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.streams.figures.History.Written;
import dev.penstock.streams.view.Input;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What stands on the topics that the views are made of. */
public final class TopicRecords {
  private TopicRecords() {}

  /** All of it. */
  public static List<Written> all(String bootstrap, Topics topics) {
    var records = new ArrayList<Written>();
    try (var consumer =
        new KafkaConsumer<>(
            Map.<String, Object>of(
                "bootstrap.servers",
                bootstrap,
                "isolation.level",
                "read_committed",
                "max.poll.records",
                5_000,
                // Closing waits for the last fetch.
                "fetch.max.wait.ms",
                20),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      var partitions = new ArrayList<TopicPartition>();
      for (Input input : Input.values()) {
        for (int partition = 0; partition < topics.partitions(); partition++) {
          partitions.add(new TopicPartition(input.topic(topics), partition));
        }
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(each -> consumer.position(each) < ends.getOrDefault(each, 0L))) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          Input input = Input.of(topics, record.topic()).orElseThrow();
          records.add(
              new Written(
                  input, Instant.ofEpochMilli(record.timestamp()), value(input, record.value())));
        }
      }
    }
    return records;
  }

  private static Object value(Input input, byte[] bytes) {
    Decoded<?> decoded =
        switch (input) {
          case JOBS_HIGH, JOBS, JOBS_LOW, ACCEPTED -> JsonCodec.JOB_RECORDS.decode(bytes);
          case EVENTS -> JsonCodec.EVENTS.decode(bytes);
          case CONTROL -> JsonCodec.CANCEL_REQUESTS.decode(bytes);
        };
    return switch (decoded) {
      case Decoded.Value<?>(Object value) -> value;
      case Decoded.Refused<?>(String reason) -> throw new AssertionError(reason);
    };
  }
}
