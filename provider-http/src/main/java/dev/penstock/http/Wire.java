package dev.penstock.http;

import dev.penstock.job.JsonObject;
import dev.penstock.job.Usage;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON to and from APIs. Their answers are theirs: what is unknown is skipped, and what is missing
 * is looked for without complaint. Depth and lengths are bounded; how much is read at all is
 * bounded before. Thread-safe.
 */
public final class Wire {
  private static final int MAX_DEPTH = 200;
  private static final int MAX_STRING_CHARS = 16_000_000;
  private static final int MAX_NUMBER_CHARS = 200;
  private static final int MAX_NAME_CHARS = 10_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxStringLength(MAX_STRING_CHARS)
                          .maxNumberLength(MAX_NUMBER_CHARS)
                          .maxNameLength(MAX_NAME_CHARS)
                          .build())
                  // What is wrong is told with its place, not with what stands there.
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .build())
          .build();

  private Wire() {}

  /** A new object. */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A new array of texts. */
  public static ArrayNode texts(Collection<String> texts) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    texts.forEach(array::add);
    return array;
  }

  /** The object as a tree. */
  public static JsonNode tree(JsonObject object) {
    return MAPPER.readTree(object.text());
  }

  /**
   * Reads JSON.
   *
   * @throws JacksonException when it is none
   */
  public static JsonNode read(String json) {
    return MAPPER.readTree(json);
  }

  /**
   * Reads JSON.
   *
   * @throws JacksonException when it is none
   */
  static JsonNode read(byte[] json) {
    return MAPPER.readTree(json);
  }

  /** As UTF-8; half a surrogate pair, which texts of jobs can have, becomes a question mark. */
  static byte[] bytes(JsonNode node) {
    return MAPPER.writeValueAsString(node).getBytes(StandardCharsets.UTF_8);
  }

  /** The tree as one line. */
  public static String line(JsonNode node) {
    return MAPPER.writeValueAsString(node);
  }

  /** The text under {@code name}, or null where there is none. */
  public static @Nullable String text(JsonNode node, String name) {
    JsonNode value = node.path(name);
    return value.isString() ? value.stringValue() : null;
  }

  /** The count under {@code name}, or 0 where there is none. */
  public static long count(JsonNode node, String name) {
    JsonNode value = node.path(name);
    return value.isIntegralNumber() && value.canConvertToLong()
        ? Math.max(0, value.longValue())
        : 0;
  }

  /** Usage in which no more is cached than was sent. */
  public static Usage usage(long input, long output, long cached) {
    return new Usage(input, output, Math.min(input, cached));
  }
}
