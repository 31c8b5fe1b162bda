package dev.penstock.fake;

import dev.penstock.codec.Json;
import dev.penstock.fake.Answer.Finish;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/responses}. Nothing is stored: a response can't be asked for again. */
final class OpenAiResponses implements Operation {
  private static final Set<String> PARAMETERS =
      Set.of(
          "background",
          "context_management",
          "conversation",
          "include",
          "input",
          "instructions",
          "max_output_tokens",
          "max_tool_calls",
          "metadata",
          "model",
          "parallel_tool_calls",
          "previous_response_id",
          "prompt",
          "prompt_cache_key",
          "prompt_cache_options",
          "prompt_cache_retention",
          "reasoning",
          "safety_identifier",
          "service_tier",
          "store",
          "stream",
          "stream_options",
          "temperature",
          "text",
          "tool_choice",
          "tools",
          "top_logprobs",
          "top_p",
          "truncation",
          "user");

  private final Protocol protocol;

  OpenAiResponses(Protocol protocol) {
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
    OpenAiRequests.decimal(body, "temperature", 0, 2);
    OpenAiRequests.decimal(body, "top_p", 0, 1);
    JsonNode format = body.path("text").path("format");
    JsonNode schema =
        OpenAiRequests.schema(
            format.path("type").asString("text"), "text.format.type", format, "text.format");
    return new Asked(
        model,
        prompt,
        Tokens.of(prompt)
            + Tokens.of(body.path("tools"))
            + (schema == null ? 0 : Tokens.of(schema)),
        OpenAiRequests.count(body, "max_output_tokens"),
        OpenAiRequests.flag(body, "stream"),
        schema,
        tool(body),
        body);
  }

  private static String prompt(ObjectNode body) throws ApiException {
    JsonNode input = body.path("input");
    if (input.isMissingNode() || input.isNull()) {
      throw OpenAiRequests.missing("input");
    }
    var prompt = new ArrayList<String>();
    if (body.path("instructions").isString()) {
      prompt.add(body.get("instructions").stringValue());
    }
    if (input.isString()) {
      prompt.add(input.stringValue());
    } else if (input.isArray()) {
      for (JsonNode item : input) {
        text(item.path("content"), prompt);
        if (item.path("output").isString()) {
          prompt.add(item.get("output").stringValue());
        }
      }
    } else {
      throw OpenAiRequests.wrongType("input", "one of an array of objects or string", input);
    }
    return String.join("\n", prompt);
  }

  private static void text(JsonNode content, List<String> prompt) {
    if (content.isString()) {
      prompt.add(content.stringValue());
    }
    for (JsonNode part : content.isArray() ? content : List.<JsonNode>of()) {
      if (part.path("text").isString()) {
        prompt.add(part.get("text").stringValue());
      }
    }
  }

  /** As {@link OpenAiChat} chooses. */
  private static Asked.@Nullable Tool tool(ObjectNode body) throws ApiException {
    JsonNode choice = body.path("tool_choice");
    String how = choice.isObject() ? "named" : choice.asString("auto");
    JsonNode input = body.path("input");
    boolean toldAlready =
        input.isArray()
            && !input.isEmpty()
            && input.get(input.size() - 1).path("type").asString("").equals("function_call_output");
    if (how.equals("none") || (how.equals("auto") && toldAlready)) {
      return null;
    }
    String wanted = choice.path("name").asString("");
    for (JsonNode tool : body.path("tools")) {
      boolean function = tool.path("type").asString("").equals("function");
      if (function && (wanted.isEmpty() || wanted.equals(tool.path("name").asString("")))) {
        return new Asked.Tool(tool.path("name").asString(""), tool.path("parameters"));
      }
    }
    if (how.equals("auto")) {
      return null;
    }
    throw OpenAiRequests.invalid(
        null,
        "tool_choice",
        "Tool choice '" + (wanted.isEmpty() ? how : wanted) + "' not found in 'tools' parameter.");
  }

  @Override
  public Reply answer(Asked asked, Answer answer, Occasion occasion) {
    if (asked.streamed()) {
      return Reply.events(frames(asked, answer, occasion));
    }
    return Reply.json(200, ended(asked, answer, occasion));
  }

  @Override
  public String streamError(ApiError error) {
    ObjectNode event =
        Json.MAPPER
            .createObjectNode()
            .put("type", "error")
            .put("code", error.code() == null ? error.type() : error.code())
            .put("message", error.message())
            .putNull("param")
            .put("sequence_number", 0);
    return "event: error\ndata: " + event + "\n\n";
  }

  private static ObjectNode ended(Asked asked, Answer answer, Occasion occasion) {
    String incomplete =
        switch (answer.finish()) {
          case LENGTH -> "max_output_tokens";
          case FILTER -> "content_filter";
          case STOP, TOOL, REFUSAL -> null;
        };
    ObjectNode response =
        response(asked, occasion, incomplete == null ? "completed" : "incomplete");
    if (incomplete == null) {
      response.putNull("incomplete_details");
    } else {
      response.putObject("incomplete_details").put("reason", incomplete);
    }
    response.withArray("output").add(item(answer, occasion));
    ObjectNode usage = response.putObject("usage").put("input_tokens", asked.inputTokens());
    usage.putObject("input_tokens_details").put("cached_tokens", occasion.cachedTokens());
    usage.put("output_tokens", answer.outputTokens());
    usage.putObject("output_tokens_details").put("reasoning_tokens", 0);
    usage.put("total_tokens", asked.inputTokens() + answer.outputTokens());
    return response;
  }

  private static ObjectNode item(Answer answer, Occasion occasion) {
    boolean cut = answer.finish() == Finish.LENGTH || answer.finish() == Finish.FILTER;
    ObjectNode item = emptyItem(answer, occasion).put("status", cut ? "incomplete" : "completed");
    if (answer.tool() == null) {
      item.withArray("content").add(part(answer, answer.text()));
    } else {
      item.put("arguments", answer.text());
    }
    return item;
  }

  private static ObjectNode emptyItem(Answer answer, Occasion occasion) {
    ObjectNode item = Json.MAPPER.createObjectNode().put("id", itemId(answer, occasion));
    if (answer.tool() != null) {
      return item.put("type", "function_call")
          .put("status", "in_progress")
          .put("arguments", "")
          .put("call_id", "call_" + Mix.id(Mix.of(occasion.mixed(), 7), 24))
          .put("name", answer.tool());
    }
    item.put("type", "message").put("status", "in_progress").put("role", "assistant");
    item.putArray("content");
    return item;
  }

  private static ObjectNode part(Answer answer, String text) {
    ObjectNode part = Json.MAPPER.createObjectNode();
    if (answer.finish() == Finish.REFUSAL) {
      return part.put("type", "refusal").put("refusal", text);
    }
    part.put("type", "output_text");
    part.putArray("annotations");
    part.putArray("logprobs");
    return part.put("text", text);
  }

  private static String itemId(Answer answer, Occasion occasion) {
    return (answer.tool() == null ? "msg_" : "fc_") + Mix.id(Mix.of(occasion.mixed(), 3), 32);
  }

  /** Numbers the events. */
  private static final class Frames {
    private final List<String> frames = new ArrayList<>();

    void add(String type, Consumer<ObjectNode> fill) {
      ObjectNode event =
          Json.MAPPER.createObjectNode().put("type", type).put("sequence_number", frames.size());
      fill.accept(event);
      frames.add("event: " + type + "\ndata: " + event + "\n\n");
    }
  }

  private static List<String> frames(Asked asked, Answer answer, Occasion occasion) {
    var frames = new Frames();
    ObjectNode begun = response(asked, occasion, "in_progress");
    begun.putNull("incomplete_details").putNull("usage");
    frames.add("response.created", event -> event.set("response", begun));
    frames.add("response.in_progress", event -> event.set("response", begun));
    frames.add(
        "response.output_item.added",
        event -> event.put("output_index", 0).set("item", emptyItem(answer, occasion)));
    if (answer.tool() == null) {
      content(frames, answer, occasion);
    } else {
      String item = itemId(answer, occasion);
      for (String piece : Pieces.of(answer.text())) {
        frames.add(
            "response.function_call_arguments.delta",
            event -> event.put("item_id", item).put("output_index", 0).put("delta", piece));
      }
      frames.add(
          "response.function_call_arguments.done",
          event ->
              event
                  .put("item_id", item)
                  .put("output_index", 0)
                  .put("name", answer.tool())
                  .put("arguments", answer.text()));
    }
    frames.add(
        "response.output_item.done",
        event -> event.put("output_index", 0).set("item", item(answer, occasion)));
    ObjectNode ended = ended(asked, answer, occasion);
    frames.add(
        ended.path("status").asString().equals("completed")
            ? "response.completed"
            : "response.incomplete",
        event -> event.set("response", ended));
    return frames.frames;
  }

  private static void content(Frames frames, Answer answer, Occasion occasion) {
    boolean refused = answer.finish() == Finish.REFUSAL;
    String kind = refused ? "response.refusal" : "response.output_text";
    Consumer<ObjectNode> place =
        event ->
            event
                .put("item_id", itemId(answer, occasion))
                .put("output_index", 0)
                .put("content_index", 0);
    frames.add(
        "response.content_part.added",
        event -> {
          place.accept(event);
          event.set("part", part(answer, ""));
        });
    for (String piece : Pieces.of(answer.text())) {
      frames.add(
          kind + ".delta",
          event -> {
            place.accept(event);
            event.put("delta", piece);
            if (!refused) {
              event.putArray("logprobs");
            }
          });
    }
    frames.add(
        kind + ".done",
        event -> {
          place.accept(event);
          event.put(refused ? "refusal" : "text", answer.text());
          if (!refused) {
            event.putArray("logprobs");
          }
        });
    frames.add(
        "response.content_part.done",
        event -> {
          place.accept(event);
          event.set("part", part(answer, answer.text()));
        });
  }

  private static ObjectNode response(Asked asked, Occasion occasion, String status) {
    ObjectNode asks = asked.body();
    ObjectNode response =
        Json.MAPPER
            .createObjectNode()
            .put("id", "resp_" + Mix.id(occasion.mixed(), 32))
            .put("object", "response")
            .put("created_at", occasion.at().getEpochSecond())
            .put("status", status)
            .put("background", false)
            .putNull("error");
    copy(asks, response, "instructions");
    copy(asks, response, "max_output_tokens");
    response.put("model", asked.model());
    response.putArray("output");
    response.put("parallel_tool_calls", asks.path("parallel_tool_calls").booleanValue(true));
    copy(asks, response, "previous_response_id");
    response.putObject("reasoning").putNull("effort").putNull("summary");
    response.put("service_tier", "default");
    response.put("store", asks.path("store").booleanValue(true));
    response.put("temperature", asks.path("temperature").doubleValue(1.0));
    if (asks.path("text").has("format")) {
      response.putObject("text").set("format", asks.get("text").get("format"));
    } else {
      response.putObject("text").putObject("format").put("type", "text");
    }
    if (asks.has("tool_choice")) {
      copy(asks, response, "tool_choice");
    } else {
      response.put("tool_choice", "auto");
    }
    if (asks.has("tools")) {
      copy(asks, response, "tools");
    } else {
      response.putArray("tools");
    }
    response.put("top_p", asks.path("top_p").doubleValue(1.0));
    response.put("truncation", "disabled");
    copy(asks, response, "user");
    if (asks.path("metadata").isObject()) {
      copy(asks, response, "metadata");
    } else {
      response.putObject("metadata");
    }
    return response;
  }

  private static void copy(ObjectNode from, ObjectNode to, String name) {
    JsonNode value = from.get(name);
    if (value == null) {
      to.putNull(name);
    } else {
      to.set(name, value);
    }
  }
}
