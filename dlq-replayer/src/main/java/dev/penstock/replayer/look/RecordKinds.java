package dev.penstock.replayer.look;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The kinds of records that this program can read, by name. Thread-safe. */
final class RecordKinds {
  private static final Map<String, JsonCodec<?>> CODECS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("job", JsonCodec.JOB_RECORDS),
              Map.entry("event", JsonCodec.EVENTS),
              Map.entry("dead-letter", JsonCodec.DEAD_LETTERS),
              Map.entry("ordered", JsonCodec.ORDERED),
              Map.entry("cancel-request", JsonCodec.CANCEL_REQUESTS),
              Map.entry("retry-now-request", JsonCodec.RETRY_NOW_REQUESTS),
              Map.entry("cache", JsonCodec.CACHE_RECORDS),
              Map.entry("limit-report", JsonCodec.LIMIT_REPORTS),
              Map.entry("partial-answer", JsonCodec.PARTIAL_ANSWERS),
              Map.entry("spend-report", JsonCodec.SPEND_REPORTS),
              Map.entry("worker-report", JsonCodec.WORKER_REPORTS),
              Map.entry("worker-command", JsonCodec.WORKER_COMMANDS),
              Map.entry("ledger", JsonCodec.LEDGER),
              Map.entry("plan", JsonCodec.PLANS),
              Map.entry("audit", JsonCodec.AUDIT)));

  private RecordKinds() {}

  static String names() {
    return String.join(", ", CODECS.keySet());
  }

  /**
   * What a value is as a record of that kind, in the words of this program: {@code value}, or in
   * {@code reason} why it is none.
   *
   * @param version as which version of the format it is to be read, whatever it says itself; null
   *     for as it says
   * @throws InvalidQueryException when there is no such kind or version
   */
  static ObjectNode decode(byte @Nullable [] value, String kind, @Nullable Integer version) {
    JsonCodec<?> codec = CODECS.get(kind);
    if (codec == null) {
      throw new InvalidQueryException("codec", "must be one of " + names());
    }
    if (version != null && version != JsonCodec.VERSION) {
      throw new InvalidQueryException(
          "version", "must be " + JsonCodec.VERSION + ": this program reads no other one");
    }
    ObjectNode told = Json.MAPPER.createObjectNode();
    told.put("codec", kind);
    told.put("version", JsonCodec.VERSION);
    decode(version == null ? value : versioned(value, version), codec, told);
    return told;
  }

  private static <T> void decode(byte @Nullable [] value, JsonCodec<T> codec, ObjectNode told) {
    switch (codec.decode(value)) {
      case Decoded.Value<T>(T read) -> {
        try {
          told.set("value", Json.MAPPER.readTree(codec.encode(read)));
        } catch (JacksonException e) {
          told.put("reason", "it can be read, but not written again: " + e.getOriginalMessage());
        }
      }
      case Decoded.Refused<T>(String reason) -> told.put("reason", reason);
    }
  }

  /** The same as if it said that version; the value itself where it is no JSON object. */
  private static byte @Nullable [] versioned(byte @Nullable [] value, int version) {
    if (value == null) {
      return null;
    }
    try {
      JsonNode tree = Json.MAPPER.readTree(value);
      if (tree instanceof ObjectNode object) {
        ObjectNode first = Json.MAPPER.createObjectNode();
        first.put("v", version);
        object
            .properties()
            .forEach(each -> {
              if (!each.getKey().equals("v")) {
                first.set(each.getKey(), each.getValue());
              }
            });
        return Json.MAPPER.writeValueAsBytes(first);
      }
      // falls through: its reader says what is wrong
    } catch (JacksonException _) {
      // falls through: its reader says what is wrong
    }
    return value;
  }
}
