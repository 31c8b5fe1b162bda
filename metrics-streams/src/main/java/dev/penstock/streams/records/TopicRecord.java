package dev.penstock.streams.records;

import dev.penstock.codec.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A record as people see it.
 *
 * @param timestamp when the broker appended it
 * @param headers as text
 * @param value its JSON; {@code {"base64": …}} of what is none, {@code {"omittedBytes": …}} of what
 *     is too much
 */
public record TopicRecord(
    String topic,
    int partition,
    long offset,
    Instant timestamp,
    Map<String, String> headers,
    JsonNode value) {
  private static final int MAX_HEADERS = 50;
  private static final int MAX_HEADER_CHARS = 1_000;

  static TopicRecord of(ConsumerRecord<byte[], byte[]> record, boolean whole) {
    var headers = new LinkedHashMap<String, String>();
    for (Header header : record.headers()) {
      if (headers.size() < MAX_HEADERS && header.value() != null) {
        String text = new String(header.value(), StandardCharsets.UTF_8);
        headers.put(
            header.key(),
            text.length() <= MAX_HEADER_CHARS ? text : text.substring(0, MAX_HEADER_CHARS));
      }
    }
    return new TopicRecord(
        record.topic(),
        record.partition(),
        record.offset(),
        Instant.ofEpochMilli(record.timestamp()),
        headers,
        value(record.value(), whole));
  }

  private static JsonNode value(byte @Nullable [] bytes, boolean whole) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (bytes == null) {
      return nodes.nullNode();
    }
    if (!whole) {
      return nodes.objectNode().put("omittedBytes", bytes.length);
    }
    try {
      return Json.MAPPER.readTree(bytes);
    } catch (JacksonException _) {
      return nodes.objectNode().put("base64", Base64.getEncoder().encodeToString(bytes));
    }
  }
}
