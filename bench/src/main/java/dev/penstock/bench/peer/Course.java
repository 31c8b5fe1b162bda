package dev.penstock.bench.peer;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What a peer is given.
 *
 * @param bootstrap the broker
 * @param source the topic of the jobs, read from its beginning
 * @param target the topic of the outputs; also the name of the peer's group
 * @param partitions of both
 * @param calls at most at once
 * @param waits whether calls take time; where they take none a thread of its own is no use to them
 * @param work what is done with each job
 */
public record Course(
    String bootstrap,
    String source,
    String target,
    int partitions,
    int calls,
    boolean waits,
    Work work) {
  private static final int MAX_POLL_RECORDS = 2_000;

  /** What every consumer of a peer is set to. */
  Map<String, Object> consumerSettings() {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("group.id", target);
    settings.put("client.id", target);
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    settings.put("enable.auto.commit", false);
    settings.put("auto.offset.reset", "earliest");
    settings.put("isolation.level", "read_committed");
    settings.put("max.poll.records", MAX_POLL_RECORDS);
    return settings;
  }

  /** What every producer of a peer is set to. */
  Map<String, Object> producerSettings(int lingerMillis) {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("client.id", target);
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("acks", "all");
    settings.put("enable.idempotence", true);
    settings.put("linger.ms", lingerMillis);
    settings.put("batch.size", 256 * 1024);
    settings.put("buffer.memory", 64L * 1024 * 1024);
    return settings;
  }
}
