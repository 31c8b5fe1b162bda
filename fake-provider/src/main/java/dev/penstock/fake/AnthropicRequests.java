package dev.penstock.fake;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What Anthropic checks in requests about messages, with the errors that it tells. */
final class AnthropicRequests {
  private AnthropicRequests() {}

  static void knows(Request request, ObjectNode body, Set<String> parameters) throws ApiException {
    if (request.header("anthropic-version").isEmpty()) {
      throw Anthropic.invalid("anthropic-version: header is required");
    }
    for (var field : body.properties()) {
      if (!parameters.contains(field.getKey())) {
        throw Anthropic.invalid(field.getKey() + ": Extra inputs are not permitted");
      }
    }
  }

  static String model(ObjectNode body) throws ApiException {
    JsonNode model = body.path("model");
    if (model.isMissingNode()) {
      throw Anthropic.invalid("model: Field required");
    }
    if (!model.isString()) {
      throw Anthropic.invalid("model: Input should be a valid string");
    }
    return model.stringValue();
  }

  static int maxTokens(ObjectNode body) throws ApiException {
    JsonNode max = body.path("max_tokens");
    if (max.isMissingNode()) {
      throw Anthropic.invalid("max_tokens: Field required");
    }
    if (!max.isIntegralNumber() || !max.canConvertToInt()) {
      throw Anthropic.invalid("max_tokens: Input should be a valid integer");
    }
    if (max.intValue() < 1) {
      throw Anthropic.invalid("max_tokens: Input should be greater than or equal to 1");
    }
    return max.intValue();
  }

  static boolean flag(ObjectNode body, String name) throws ApiException {
    JsonNode value = body.path(name);
    if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
      throw Anthropic.invalid(name + ": Input should be a valid boolean");
    }
    return value.booleanValue(false);
  }

  static void decimal(ObjectNode body, String name, double max) throws ApiException {
    JsonNode value = body.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return;
    }
    if (!value.isNumber()) {
      throw Anthropic.invalid(name + ": Input should be a valid number");
    }
    if (value.doubleValue() < 0 || value.doubleValue() > max) {
      throw Anthropic.invalid(name + ": range: 0.." + max);
    }
  }

  /** All text of the request. */
  static String prompt(ObjectNode body) throws ApiException {
    JsonNode messages = body.path("messages");
    if (messages.isMissingNode()) {
      throw Anthropic.invalid("messages: Field required");
    }
    if (!messages.isArray()) {
      throw Anthropic.invalid("messages: Input should be a valid list");
    }
    if (messages.isEmpty()) {
      throw Anthropic.invalid("messages: at least one message is required");
    }
    var prompt = new ArrayList<String>();
    text(body.path("system"), prompt);
    for (int i = 0; i < messages.size(); i++) {
      String role = messages.get(i).path("role").asString("");
      if (!role.equals("user") && !role.equals("assistant")) {
        throw Anthropic.invalid(
            role.equals("system")
                ? "messages: Unexpected role \"system\". The Messages API accepts a top-level"
                    + " `system` parameter, not \"system\" as an input message role."
                : "messages." + i + ".role: Input should be 'user' or 'assistant'");
      }
      JsonNode content = messages.get(i).path("content");
      if (content.isMissingNode()) {
        throw Anthropic.invalid("messages." + i + ".content: Field required");
      }
      if (content.isEmpty() && content.asString("").isEmpty()) {
        throw Anthropic.invalid("messages." + i + ": all messages must have non-empty content");
      }
      text(content, prompt);
    }
    return String.join("\n", prompt);
  }

  private static void text(JsonNode content, List<String> prompt) {
    if (content.isString()) {
      prompt.add(content.stringValue());
    }
    for (JsonNode block : content.isArray() ? content : List.<JsonNode>of()) {
      if (block.path("text").isString()) {
        prompt.add(block.get("text").stringValue());
      } else if (block.has("content")) {
        text(block.get("content"), prompt);
      }
    }
  }

  /** What structured output is to fit, or null. */
  static @Nullable JsonNode schema(ObjectNode body) throws ApiException {
    JsonNode format = body.path("output_config").path("format");
    if (format.isMissingNode() || format.isNull()) {
      return null;
    }
    if (!format.path("type").asString("").equals("json_schema")) {
      throw Anthropic.invalid("output_config.format.type: Input should be 'json_schema'");
    }
    if (!format.path("schema").isObject()) {
      throw Anthropic.invalid("output_config.format.schema: Field required");
    }
    return format.get("schema");
  }

  /** As {@link OpenAiChat} chooses. */
  static Asked.@Nullable Tool tool(ObjectNode body) throws ApiException {
    JsonNode tools = body.path("tools");
    JsonNode choice = body.path("tool_choice");
    String how = choice.path("type").asString("auto");
    if (!Set.of("auto", "any", "tool", "none").contains(how)) {
      throw Anthropic.invalid(
          "tool_choice: Input tag '"
              + how
              + "' found using 'type' does not match any of the"
              + " expected tags: 'auto', 'any', 'tool', 'none'");
    }
    if (tools.isEmpty()) {
      if (how.equals("any") || how.equals("tool")) {
        throw Anthropic.invalid("tool_choice: tools must be given when a tool is to be used");
      }
      return null;
    }
    if (how.equals("none") || (how.equals("auto") && endsWithToolResult(body))) {
      return null;
    }
    String wanted = choice.path("name").asString("");
    for (JsonNode tool : tools) {
      if (wanted.isEmpty() || wanted.equals(tool.path("name").asString(""))) {
        return new Asked.Tool(tool.path("name").asString(""), tool.path("input_schema"));
      }
    }
    throw Anthropic.invalid("tool_choice.name: Tool '" + wanted + "' not found in provided tools");
  }

  private static boolean endsWithToolResult(ObjectNode body) {
    JsonNode messages = body.path("messages");
    for (JsonNode block : messages.get(messages.size() - 1).path("content")) {
      if (block.path("type").asString("").equals("tool_result")) {
        return true;
      }
    }
    return false;
  }
}
