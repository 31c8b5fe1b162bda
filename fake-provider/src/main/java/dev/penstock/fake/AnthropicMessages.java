package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/messages}. */
final class AnthropicMessages implements Operation {
  private static final Set<String> PARAMETERS =
      Set.of(
          "max_tokens",
          "messages",
          "model",
          "cache_control",
          "container",
          "inference_geo",
          "metadata",
          "output_config",
          "service_tier",
          "stop_sequences",
          "stream",
          "system",
          "temperature",
          "thinking",
          "tool_choice",
          "tools",
          "top_k",
          "top_p");

  private final Protocol protocol;

  AnthropicMessages(Protocol protocol) {
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
    AnthropicRequests.knows(request, body, PARAMETERS);
    String model = AnthropicRequests.model(body);
    int maxTokens = AnthropicRequests.maxTokens(body);
    String prompt = AnthropicRequests.prompt(body);
    AnthropicRequests.decimal(body, "temperature", 1);
    AnthropicRequests.decimal(body, "top_p", 1);
    JsonNode schema = AnthropicRequests.schema(body);
    return new Asked(
        model,
        prompt,
        inputTokens(body, prompt),
        maxTokens,
        AnthropicRequests.flag(body, "stream"),
        schema,
        AnthropicRequests.tool(body),
        body);
  }

  /** As {@link Tokens} counts, with the schemas of tools and of the output. */
  static int inputTokens(ObjectNode body, String prompt) {
    return Tokens.of(prompt)
        + Tokens.of(body.path("tools"))
        + Tokens.of(body.path("output_config").path("format").path("schema"));
  }

  @Override
  public Reply answer(Asked asked, Answer answer, Occasion occasion) {
    return asked.streamed()
        ? Reply.events(frames(asked, answer, occasion))
        : Reply.json(200, whole(asked, answer, occasion));
  }

  private static ObjectNode whole(Asked asked, Answer answer, Occasion occasion) {
    ObjectNode message = start(asked, occasion);
    ObjectNode block = message.withArray("content").addObject();
    if (answer.tool() == null) {
      block.put("type", "text").put("text", answer.text());
    } else {
      block.put("type", "tool_use").put("id", toolId(occasion)).put("name", answer.tool());
      block.set("input", arguments(answer.text()));
    }
    end(message, answer);
    message.set("usage", usage(asked, occasion, answer.outputTokens()));
    return message;
  }

  /** What there is of a tool's arguments; none when they are cut. */
  private static JsonNode arguments(String text) {
    try {
      return Json.MAPPER.readTree(text);
    } catch (JacksonException _) {
      return Json.MAPPER.createObjectNode();
    }
  }

  private static List<String> frames(Asked asked, Answer answer, Occasion occasion) {
    var frames = new ArrayList<String>();
    ObjectNode message = start(asked, occasion);
    message.putNull("stop_reason").putNull("stop_sequence");
    message.set("usage", usage(asked, occasion, 1));
    frames.add(frame("message_start", event -> event.set("message", message)));

    boolean calls = answer.tool() != null;
    ObjectNode block = Json.MAPPER.createObjectNode();
    if (answer.tool() == null) {
      block.put("type", "text").put("text", "");
    } else {
      block.put("type", "tool_use").put("id", toolId(occasion)).put("name", answer.tool());
      block.putObject("input");
    }
    frames.add(
        frame("content_block_start", event -> event.put("index", 0).set("content_block", block)));
    frames.add(frame("ping", _ -> {}));
    for (String piece : Pieces.of(answer.text())) {
      frames.add(
          frame(
              "content_block_delta",
              event ->
                  event
                      .put("index", 0)
                      .putObject("delta")
                      .put("type", calls ? "input_json_delta" : "text_delta")
                      .put(calls ? "partial_json" : "text", piece)));
    }
    frames.add(frame("content_block_stop", event -> event.put("index", 0)));
    frames.add(
        frame(
            "message_delta",
            event -> {
              end(event.putObject("delta"), answer);
              event
                  .putObject("usage")
                  .put("input_tokens", asked.inputTokens() - occasion.cachedTokens())
                  .put("cache_creation_input_tokens", 0)
                  .put("cache_read_input_tokens", occasion.cachedTokens())
                  .put("output_tokens", answer.outputTokens());
            }));
    frames.add(frame("message_stop", _ -> {}));
    return frames;
  }

  private static String frame(String type, java.util.function.Consumer<ObjectNode> fill) {
    ObjectNode event = Json.MAPPER.createObjectNode().put("type", type);
    fill.accept(event);
    return "event: " + type + "\ndata: " + event + "\n\n";
  }

  private static ObjectNode start(Asked asked, Occasion occasion) {
    ObjectNode message =
        Json.MAPPER
            .createObjectNode()
            .put("id", "msg_01" + Mix.id(occasion.mixed(), 22))
            .put("type", "message")
            .put("role", "assistant")
            .put("model", asked.model());
    message.putArray("content");
    return message;
  }

  private static void end(ObjectNode node, Answer answer) {
    String reason =
        switch (answer.finish()) {
          case STOP -> "end_turn";
          case LENGTH -> "max_tokens";
          case TOOL -> "tool_use";
          // There is no other name for what a filter stops.
          case REFUSAL, FILTER -> "refusal";
        };
    node.put("stop_reason", reason).putNull("stop_sequence");
    if (reason.equals("refusal")) {
      node.putObject("stop_details")
          .put("type", "refusal")
          .putNull("category")
          .putNull("explanation");
    }
  }

  private static ObjectNode usage(Asked asked, Occasion occasion, int outputTokens) {
    ObjectNode usage =
        Json.MAPPER
            .createObjectNode()
            .put("input_tokens", asked.inputTokens() - occasion.cachedTokens())
            .put("cache_creation_input_tokens", 0)
            .put("cache_read_input_tokens", occasion.cachedTokens());
    usage
        .putObject("cache_creation")
        .put("ephemeral_5m_input_tokens", 0)
        .put("ephemeral_1h_input_tokens", 0);
    return usage.put("output_tokens", outputTokens).put("service_tier", "standard");
  }

  private static String toolId(Occasion occasion) {
    return "toolu_01" + Mix.id(Mix.of(occasion.mixed(), 7), 22);
  }
}
