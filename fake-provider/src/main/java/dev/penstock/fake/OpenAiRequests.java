package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What OpenAI checks in requests, with the errors that it tells. */
final class OpenAiRequests {
  private OpenAiRequests() {}

  /** Refuses parameters that the API does not have. */
  static void knows(ObjectNode body, Set<String> parameters) throws ApiException {
    for (var field : body.properties()) {
      if (!parameters.contains(field.getKey())) {
        throw invalid(
            "unknown_parameter", field.getKey(), "Unknown parameter: '" + field.getKey() + "'.");
      }
    }
  }

  static String model(ObjectNode body) throws ApiException {
    JsonNode model = body.path("model");
    if (!model.isString() || model.stringValue().isBlank()) {
      throw invalid(null, null, "you must provide a model parameter");
    }
    return model.stringValue();
  }

  static boolean flag(JsonNode body, String name) throws ApiException {
    JsonNode value = body.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return false;
    }
    if (!value.isBoolean()) {
      throw wrongType(name, "a boolean", value);
    }
    return value.booleanValue();
  }

  /** A whole number from 1 on, or null. */
  static @Nullable Integer count(ObjectNode body, String name) throws ApiException {
    JsonNode value = body.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrongType(name, "an integer", value);
    }
    if (value.intValue() < 1) {
      throw invalid(
          "integer_below_min_value",
          name,
          "Invalid '"
              + name
              + "': integer below minimum value. Expected a value >= 1, but got "
              + value.intValue()
              + " instead.");
    }
    return value.intValue();
  }

  /** A decimal number within bounds, when it is there. */
  static void decimal(ObjectNode body, String name, double min, double max) throws ApiException {
    JsonNode value = body.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return;
    }
    if (!value.isNumber()) {
      throw wrongType(name, "a decimal", value);
    }
    boolean below = value.doubleValue() < min;
    if (below || value.doubleValue() > max) {
      throw invalid(
          below ? "decimal_below_min_value" : "decimal_above_max_value",
          name,
          "Invalid '"
              + name
              + "': decimal "
              + (below ? "below minimum" : "above maximum")
              + " value. Expected a value "
              + (below ? ">= " + min : "<= " + max)
              + ", but got "
              + value
              + " instead.");
    }
  }

  /**
   * The schema that the answer is to have, or null for plain text.
   *
   * @param type what the request says that the answer is to be
   * @param at where the request says it
   * @param named where a schema stands with its name
   * @param namedAt where that stands
   */
  static @Nullable JsonNode schema(String type, String at, JsonNode named, String namedAt)
      throws ApiException {
    return switch (type) {
      case "text" -> null;
      case "json_object" -> Json.MAPPER.createObjectNode().put("type", "object");
      case "json_schema" -> {
        if (!named.path("name").isString()) {
          throw missing(namedAt + ".name");
        }
        if (!named.path("schema").isObject()) {
          throw missing(namedAt + ".schema");
        }
        yield named.get("schema");
      }
      default ->
          throw invalid(
              "invalid_value",
              at,
              "Invalid value: '"
                  + type
                  + "'. Supported values are: 'json_object', 'json_schema', and 'text'.");
    };
  }

  static ApiException missing(String param) {
    return invalid(
        "missing_required_parameter", param, "Missing required parameter: '" + param + "'.");
  }

  static ApiException wrongType(String param, String expected, JsonNode got) {
    return invalid(
        "invalid_type",
        param,
        "Invalid type for '"
            + param
            + "': expected "
            + expected
            + ", but got "
            + kind(got)
            + " instead.");
  }

  static ApiException invalid(@Nullable String code, @Nullable String param, String message) {
    return new ApiException(new ApiError(400, OpenAi.INVALID, code, param, message));
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case STRING -> "a string";
      case BOOLEAN -> "a boolean";
      case NUMBER -> node.isIntegralNumber() ? "an integer" : "a decimal";
      default -> "null";
    };
  }
}
