package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/chat/completions}. */
final class OpenAiChat implements Operation {
  private static final Set<String> PARAMETERS =
      Set.of(
          "messages",
          "model",
          "audio",
          "frequency_penalty",
          "function_call",
          "functions",
          "logit_bias",
          "logprobs",
          "max_completion_tokens",
          "max_tokens",
          "metadata",
          "modalities",
          "n",
          "parallel_tool_calls",
          "prediction",
          "presence_penalty",
          "prompt_cache_key",
          "prompt_cache_options",
          "prompt_cache_retention",
          "reasoning_effort",
          "response_format",
          "safety_identifier",
          "seed",
          "service_tier",
          "stop",
          "store",
          "stream",
          "stream_options",
          "temperature",
          "tool_choice",
          "tools",
          "top_logprobs",
          "top_p",
          "user",
          "verbosity",
          "web_search_options");
  private static final Set<String> ROLES =
      Set.of("developer", "system", "user", "assistant", "tool", "function");

  private final Protocol protocol;

  OpenAiChat(Protocol protocol) {
    this.protocol = protocol;
  }

  @Override
  public Protocol protocol() {
    return protocol;
  }

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public Asked read(Request request, ObjectNode body) throws ApiException {
    OpenAiRequests.knows(body, PARAMETERS);
    String model = OpenAiRequests.model(body);
    String prompt = prompt(body);
    boolean streamed = OpenAiRequests.flag(body, "stream");
    if (!streamed && body.has("stream_options") && !body.get("stream_options").isNull()) {
      throw OpenAiRequests.invalid(
          null,
          "stream_options",
          "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    }
    OpenAiRequests.decimal(body, "temperature", 0, 2);
    OpenAiRequests.decimal(body, "top_p", 0, 1);
    Integer n = OpenAiRequests.count(body, "n");
    if (n != null && n > 1) {
      throw OpenAiRequests.invalid(
          "integer_above_max_value", "n", "The fake provider gives one choice, not " + n + ".");
    }
    Integer max = OpenAiRequests.count(body, "max_completion_tokens");
    Integer older = OpenAiRequests.count(body, "max_tokens");
    if (max != null && older != null) {
      throw OpenAiRequests.invalid(
          "invalid_parameter_combination",
          "max_tokens",
          "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.");
    }
    JsonNode format = body.path("response_format");
    boolean plain = format.isMissingNode() || format.isNull();
    JsonNode schema =
        OpenAiRequests.schema(
            plain ? "text" : format.path("type").asString(""),
            "response_format.type",
            format.path("json_schema"),
            "response_format.json_schema");
    return new Asked(
        model,
        prompt,
        Tokens.of(prompt)
            + Tokens.of(body.path("tools"))
            + (schema == null ? 0 : Tokens.of(schema)),
        max == null ? older : max,
        streamed,
        schema,
        tool(body),
        body);
  }

  private static String prompt(ObjectNode body) throws ApiException {
    JsonNode messages = body.path("messages");
    if (messages.isMissingNode()) {
      throw OpenAiRequests.missing("messages");
    }
    if (!messages.isArray()) {
      throw OpenAiRequests.wrongType("messages", "an array of objects", messages);
    }
    if (messages.isEmpty()) {
      throw OpenAiRequests.invalid(
          "empty_array",
          "messages",
          "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an"
              + " empty array instead.");
    }
    var prompt = new ArrayList<String>();
    for (int i = 0; i < messages.size(); i++) {
      JsonNode message = messages.get(i);
      String at = "messages[" + i + "]";
      String role = message.path("role").asString("");
      if (!ROLES.contains(role)) {
        throw OpenAiRequests.invalid(
            "invalid_value",
            at + ".role",
            "Invalid value: '"
                + role
                + "'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and"
                + " 'developer'.");
      }
      JsonNode content = message.path("content");
      if (content.isString()) {
        prompt.add(content.stringValue());
      } else if (content.isArray()) {
        for (JsonNode part : content) {
          if (part.path("text").isString()) {
            prompt.add(part.get("text").stringValue());
          }
        }
      } else if (!role.equals("assistant")) {
        throw OpenAiRequests.invalid(
            "invalid_type",
            at + ".content",
            "Invalid value for 'content': expected a string, got null.");
      }
    }
    return String.join("\n", prompt);
  }

  /**
   * The tool that is called: the one that is asked for, or the first unless the conversation ends
   * with what a tool said, or no tool is to be called.
   */
  private static Asked.@Nullable Tool tool(ObjectNode body) throws ApiException {
    JsonNode tools = body.path("tools");
    if (tools.isEmpty()) {
      return null;
    }
    JsonNode choice = body.path("tool_choice");
    JsonNode last = body.path("messages").get(body.path("messages").size() - 1);
    if ("none".equals(choice.asString(""))
        || ("tool".equals(last.path("role").asString(""))
            && !"required".equals(choice.asString(""))
            && !choice.isObject())) {
      return null;
    }
    String wanted = choice.path("function").path("name").asString("");
    for (JsonNode tool : tools) {
      JsonNode function = tool.path("function");
      if (wanted.isEmpty() || wanted.equals(function.path("name").asString(""))) {
        return new Asked.Tool(function.path("name").asString(""), function.path("parameters"));
      }
    }
    throw OpenAiRequests.invalid(
        null,
        "tool_choice",
        "Invalid value for 'tool_choice': the function '" + wanted + "' is not in 'tools'.");
  }

  @Override
  public Reply answer(Asked asked, Answer answer, Occasion occasion) {
    return asked.streamed()
        ? Reply.events(frames(asked, answer, occasion))
        : Reply.json(200, whole(asked, answer, occasion));
  }

  private static ObjectNode whole(Asked asked, Answer answer, Occasion occasion) {
    ObjectNode body = start(asked, occasion, "chat.completion");
    ObjectNode choice = body.putArray("choices").addObject();
    choice.put("index", 0);
    ObjectNode message = choice.putObject("message").put("role", "assistant");
    boolean refused = answer.finish() == Answer.Finish.REFUSAL;
    boolean calls = answer.tool() != null;
    message.put("content", calls || refused ? null : answer.text());
    message.put("refusal", refused ? answer.text() : null);
    if (answer.tool() != null) {
      ObjectNode call = message.putArray("tool_calls").addObject();
      call.put("id", callId(occasion)).put("type", "function");
      call.putObject("function").put("name", answer.tool()).put("arguments", answer.text());
    }
    message.putArray("annotations");
    choice.putNull("logprobs");
    choice.put("finish_reason", finish(answer));
    body.set("usage", usage(asked, answer, occasion));
    return body;
  }

  private static List<String> frames(Asked asked, Answer answer, Occasion occasion) {
    boolean usage = asked.body().path("stream_options").path("include_usage").booleanValue(false);
    boolean refused = answer.finish() == Answer.Finish.REFUSAL;
    var frames = new ArrayList<String>();
    ObjectNode first = Json.MAPPER.createObjectNode().put("role", "assistant");
    if (answer.tool() == null) {
      first.put(refused ? "refusal" : "content", "");
    } else {
      first.putNull("content");
      ObjectNode call = first.putArray("tool_calls").addObject();
      call.put("index", 0).put("id", callId(occasion)).put("type", "function");
      call.putObject("function").put("name", answer.tool()).put("arguments", "");
    }
    frames.add(frame(asked, occasion, first, null, usage));
    for (String piece : Pieces.of(answer.text())) {
      ObjectNode delta = Json.MAPPER.createObjectNode();
      if (answer.tool() == null) {
        delta.put(refused ? "refusal" : "content", piece);
      } else {
        ObjectNode call = delta.putArray("tool_calls").addObject();
        call.put("index", 0).putObject("function").put("arguments", piece);
      }
      frames.add(frame(asked, occasion, delta, null, usage));
    }
    frames.add(frame(asked, occasion, Json.MAPPER.createObjectNode(), finish(answer), usage));
    if (usage) {
      ObjectNode last = start(asked, occasion, "chat.completion.chunk");
      last.putArray("choices");
      last.set("usage", usage(asked, answer, occasion));
      frames.add("data: " + last + "\n\n");
    }
    frames.add("data: [DONE]\n\n");
    return frames;
  }

  private static String frame(
      Asked asked, Occasion occasion, ObjectNode delta, @Nullable String finish, boolean usage) {
    ObjectNode chunk = start(asked, occasion, "chat.completion.chunk");
    ObjectNode choice = chunk.putArray("choices").addObject();
    choice.put("index", 0);
    choice.set("delta", delta);
    choice.putNull("logprobs");
    choice.put("finish_reason", finish);
    if (usage) {
      chunk.putNull("usage");
    }
    return "data: " + chunk + "\n\n";
  }

  private static ObjectNode start(Asked asked, Occasion occasion, String object) {
    return Json.MAPPER
        .createObjectNode()
        .put("id", "chatcmpl-" + Mix.id(occasion.mixed(), 29))
        .put("object", object)
        .put("created", occasion.at().getEpochSecond())
        .put("model", asked.model())
        .put("service_tier", "default")
        .put("system_fingerprint", "fp_fake");
  }

  private static ObjectNode usage(Asked asked, Answer answer, Occasion occasion) {
    ObjectNode usage =
        Json.MAPPER
            .createObjectNode()
            .put("prompt_tokens", asked.inputTokens())
            .put("completion_tokens", answer.outputTokens())
            .put("total_tokens", asked.inputTokens() + answer.outputTokens());
    usage
        .putObject("prompt_tokens_details")
        .put("cached_tokens", occasion.cachedTokens())
        .put("audio_tokens", 0);
    usage
        .putObject("completion_tokens_details")
        .put("reasoning_tokens", 0)
        .put("audio_tokens", 0)
        .put("accepted_prediction_tokens", 0)
        .put("rejected_prediction_tokens", 0);
    return usage;
  }

  private static String finish(Answer answer) {
    return switch (answer.finish()) {
      case STOP, REFUSAL -> "stop";
      case LENGTH -> "length";
      case TOOL -> "tool_calls";
      case FILTER -> "content_filter";
    };
  }

  private static String callId(Occasion occasion) {
    return "call_" + Mix.id(Mix.of(occasion.mixed(), 7), 24);
  }
}
