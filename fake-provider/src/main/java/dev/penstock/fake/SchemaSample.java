package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes a value that fits a JSON Schema, of the part of the language that the providers take for
 * structured output: types, properties, items, enum, const, anyOf, oneOf, allOf, {@code $ref}
 * within the schema, bounds of numbers, lengths and items, and the usual formats. Patterns are not
 * looked at; a string named {@code code} is the code of a language.
 */
final class SchemaSample {
  /** Schemas that contain themselves end here, where they can. */
  private static final int MAX_DEPTH = 12;

  /** So do those that contain themselves in many places. */
  private static final int MAX_VALUES = 10_000;

  private static final int MAX_CHARS = 10_000;
  private static final int MAX_ITEMS = 1_000;
  private static final List<String> LANGUAGES = List.of("eng", "deu", "fra", "spa", "jpn");

  private final JsonNode root;
  private final long mixed;
  private long drawn;
  private int values;

  private SchemaSample(JsonNode root, long mixed) {
    this.root = root;
    this.mixed = mixed;
  }

  static JsonNode of(JsonNode schema, long mixed) {
    return new SchemaSample(schema, mixed).value(schema, "value", 0);
  }

  private JsonNode value(JsonNode schema, String name, int depth) {
    JsonNodeFactory nodes = Json.MAPPER.getNodeFactory();
    JsonNode inner = resolved(schema);
    if (depth > MAX_DEPTH || ++values > MAX_VALUES) {
      return nodes.nullNode();
    }
    if (inner.has("const")) {
      return inner.get("const");
    }
    if (inner.path("enum").size() > 0) {
      return inner.get("enum").get((int) draw(inner.get("enum").size()));
    }
    for (String choice : new String[] {"anyOf", "oneOf", "allOf"}) {
      if (inner.path(choice).size() > 0) {
        // The first that is more than null; near the deepest level null is better.
        return value(chosen(inner.get(choice), depth), name, depth + 1);
      }
    }
    return switch (type(inner, depth)) {
      case "object" -> object(inner, depth);
      case "array" -> array(inner, name, depth);
      case "string" -> nodes.stringNode(text(inner, name));
      case "integer" -> nodes.numberNode((long) number(inner, true));
      case "number" -> nodes.numberNode(number(inner, false));
      case "boolean" -> nodes.booleanNode(draw(2) == 1);
      default -> nodes.nullNode();
    };
  }

  private JsonNode resolved(JsonNode schema) {
    JsonNode inner = schema;
    for (int i = 0; i < MAX_DEPTH && inner.path("$ref").isString(); i++) {
      String ref = inner.get("$ref").stringValue();
      inner = ref.startsWith("#") ? root.at(ref.substring(1)) : inner.path("$ref/none");
    }
    return inner;
  }

  private static JsonNode chosen(JsonNode choices, int depth) {
    boolean deep = depth > MAX_DEPTH / 2;
    for (JsonNode choice : choices) {
      if ("null".equals(choice.path("type").asString("")) == deep) {
        return choice;
      }
    }
    return choices.get(0);
  }

  private static String type(JsonNode schema, int depth) {
    JsonNode type = schema.path("type");
    if (type.isString()) {
      return type.stringValue();
    }
    if (type.isArray() && !type.isEmpty()) {
      boolean deep = depth > MAX_DEPTH / 2;
      for (JsonNode each : type) {
        if ("null".equals(each.asString("")) == deep) {
          return each.asString("");
        }
      }
      return type.get(0).asString("");
    }
    return schema.has("properties") ? "object" : schema.has("items") ? "array" : "string";
  }

  private JsonNode object(JsonNode schema, int depth) {
    ObjectNode object = Json.MAPPER.createObjectNode();
    for (var property : schema.path("properties").properties()) {
      object.set(property.getKey(), value(property.getValue(), property.getKey(), depth + 1));
    }
    return object;
  }

  private JsonNode array(JsonNode schema, String name, int depth) {
    ArrayNode array = Json.MAPPER.createArrayNode();
    int least = Math.clamp(schema.path("minItems").asInt(0), 0, MAX_ITEMS);
    int most = Math.clamp(schema.path("maxItems").asInt(MAX_ITEMS), least, MAX_ITEMS);
    int wanted = depth > MAX_DEPTH / 2 ? least : Math.min(Math.max(least, 2), most);
    for (int i = 0; i < wanted; i++) {
      array.add(value(schema.path("items"), name, depth + 1));
    }
    return array;
  }

  private String text(JsonNode schema, String name) {
    String text =
        switch (schema.path("format").asString("")) {
          case "date" -> String.format("2026-%02d-%02d", 1 + draw(12), 1 + draw(28));
          case "date-time" -> String.format("2026-%02d-%02dT12:00:00Z", 1 + draw(12), 1 + draw(28));
          case "time" -> String.format("%02d:%02d:00Z", draw(24), draw(60));
          case "duration" -> "PT" + (1 + draw(59)) + "M";
          case "email" -> "someone" + draw(1000) + "@example.com";
          case "hostname" -> "host" + draw(1000) + ".example.com";
          case "ipv4" -> "192.0.2." + draw(256);
          case "ipv6" -> "2001:db8::" + Long.toHexString(draw(0xffff));
          case "uri" -> "https://example.com/" + draw(1000);
          case "uuid" ->
              new java.util.UUID(Mix.of(mixed, drawn++), Mix.of(mixed, drawn++)).toString();
          // Often one of ISO 639-3, as when a language is asked for.
          default ->
              name.equals("code")
                  ? LANGUAGES.get((int) draw(LANGUAGES.size()))
                  : name + " " + draw(1000);
        };
    int least = Math.clamp(schema.path("minLength").asInt(0), 0, MAX_CHARS);
    int most = Math.clamp(schema.path("maxLength").asInt(MAX_CHARS), least, MAX_CHARS);
    String long1 = text.length() < least ? text + "x".repeat(least - text.length()) : text;
    return long1.length() > most ? long1.substring(0, most) : long1;
  }

  private double number(JsonNode schema, boolean whole) {
    double step = whole ? 1 : 0.5;
    double least =
        schema.has("exclusiveMinimum")
            ? schema.get("exclusiveMinimum").asDouble(0) + step
            : schema.path("minimum").asDouble(Double.NEGATIVE_INFINITY);
    double most =
        schema.has("exclusiveMaximum")
            ? schema.get("exclusiveMaximum").asDouble(0) - step
            : schema.path("maximum").asDouble(Double.POSITIVE_INFINITY);
    double low = Double.isFinite(least) ? least : Double.isFinite(most) ? most - 100 : 0;
    double high = Double.isFinite(most) ? most : low + 100;
    double multiple = schema.path("multipleOf").asDouble(0);
    if (multiple > 0) {
      return Math.ceil(low / multiple) * multiple;
    }
    double value = low + draw(1_000_000) / 1e6 * Math.max(0, high - low);
    return whole ? Math.max(Math.ceil(low), Math.floor(value)) : value;
  }

  private long draw(long bound) {
    return Long.remainderUnsigned(Mix.of(mixed, drawn++), bound);
  }
}
