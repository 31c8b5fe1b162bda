package dev.penstock.http.anthropic;

import dev.penstock.http.TinyServer;
import dev.penstock.http.Wire;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Just enough of the API to answer each kind; has every model but {@code no-such-model}. */
final class TinyAnthropic implements TinyServer.Script {
  private static final String USAGE =
      "{\"input_tokens\":4,\"cache_creation_input_tokens\":6,\"cache_read_input_tokens\":10,"
          + "\"output_tokens\":7}";

  @Override
  public void answer(TinyServer.Asked asked, OutputStream out)
      throws IOException, InterruptedException {
    script(asked).answer(asked, out);
  }

  private static TinyServer.Script script(TinyServer.Asked asked) {
    JsonNode body = Wire.read(asked.body());
    if ("no-such-model".equals(Wire.text(body, "model"))) {
      return TinyServer.json(
          404,
          "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"model:"
              + " no-such-model\"},\"request_id\":\"req_in_body\"}");
    }
    JsonNode tool = body.path("tools").path(0);
    if (body.path("stream").asBoolean(false)) {
      return TinyServer.events(events(tool));
    }
    return TinyServer.json(
        200,
        "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"tiny-1\",\"content\":["
            + block(tool)
            + "],\"stop_reason\":\""
            + (tool.isObject() ? "tool_use" : "end_turn")
            + "\",\"usage\":"
            + USAGE
            + "}",
        "request-id: req_011");
  }

  private static String block(JsonNode tool) {
    ObjectNode block = Wire.object();
    if (tool.isObject()) {
      block.put("type", "tool_use").put("id", "toolu_1").put("name", Wire.text(tool, "name"));
      block.set("input", Wire.read(input(tool)));
    } else {
      block.put("type", "text").put("text", "It is about a man — and the sea.");
    }
    return Wire.line(block);
  }

  private static String input(JsonNode tool) {
    String name = Wire.text(tool, "name");
    return switch (name == null ? "" : name) {
      case "extraction" -> "{\"name\": \"Ishmael\"}";
      case "summary" -> "{\"sentences\":[\"A man goes to sea.\",\"He is poor.\"]}";
      case "languages" -> "{\"languages\":[{\"code\":\"eng\",\"confidence\":1.2}]}";
      default -> {
        ObjectNode answer = Wire.object();
        var scores = answer.putArray("scores");
        tool.at("/input_schema/properties/scores/items/properties/label/enum")
            .forEach(label -> scores.addObject().set("label", label).put("score", 0.5));
        yield Wire.line(answer);
      }
    };
  }

  private static List<String> events(JsonNode tool) {
    var events = new ArrayList<String>();
    events.add(
        event(
            "message_start",
            "\"message\":{\"model\":\"tiny-1\",\"usage\":{\"input_tokens\":4,"
                + "\"cache_creation_input_tokens\":6,\"cache_read_input_tokens\":10,"
                + "\"output_tokens\":1}}"));
    events.add(event("ping", "\"x\":1"));
    String text = tool.isObject() ? input(tool) : "It is about a man — and the sea.";
    events.add(event("content_block_start", "\"index\":0"));
    for (int at = 0; at < text.length(); at += 5) {
      String piece = text.substring(at, Math.min(text.length(), at + 5));
      ObjectNode delta =
          tool.isObject()
              ? Wire.object().put("type", "input_json_delta").put("partial_json", piece)
              : Wire.object().put("type", "text_delta").put("text", piece);
      events.add(event("content_block_delta", "\"index\":0,\"delta\":" + Wire.line(delta)));
    }
    events.add(event("content_block_stop", "\"index\":0"));
    events.add(
        event(
            "message_delta",
            "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}"));
    events.add(event("message_stop", "\"x\":1"));
    return events;
  }

  private static String event(String type, String rest) {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + rest + "}";
  }
}
