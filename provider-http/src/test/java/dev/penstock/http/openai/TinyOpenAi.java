package dev.penstock.http.openai;

import dev.penstock.http.TinyServer;
import dev.penstock.http.Wire;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Just enough of the API to answer each kind; has every model but {@code no-such-model}. */
final class TinyOpenAi implements TinyServer.Script {
  private static final String USAGE_OF_CHAT =
      "{\"prompt_tokens\":20,\"completion_tokens\":7,\"total_tokens\":27,"
          + "\"prompt_tokens_details\":{\"cached_tokens\":16}}";
  private static final String USAGE_OF_RESPONSES =
      "{\"input_tokens\":20,\"output_tokens\":7,\"total_tokens\":27,"
          + "\"input_tokens_details\":{\"cached_tokens\":16}}";

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
          "{\"error\":{\"message\":\"The model `no-such-model` does not exist or you do not have"
              + " access to it.\",\"type\":\"invalid_request_error\",\"param\":null,"
              + "\"code\":\"model_not_found\"}}");
    }
    if (asked.path().startsWith("/v1/embeddings")) {
      return TinyServer.json(
          200,
          "{\"object\":\"list\",\"model\":\"tiny\",\"data\":[{\"index\":0,\"embedding\":[3,0,-4]}],"
              + "\"usage\":{\"prompt_tokens\":9,\"total_tokens\":9}}",
          "x-request-id: req_1");
    }
    boolean chat = asked.path().startsWith("/v1/chat/completions");
    JsonNode format =
        chat ? body.path("response_format").path("json_schema") : body.path("text").path("format");
    String text = text(format);
    boolean stream = body.path("stream").asBoolean(false);
    if (chat) {
      return stream ? TinyServer.events(chunks(text)) : TinyServer.json(200, completion(text));
    }
    return stream ? TinyServer.events(events(text)) : TinyServer.json(200, response(text));
  }

  private static String text(JsonNode format) {
    String name = Wire.text(format, "name");
    return switch (name == null ? "" : name) {
      case "extraction" -> "{\"name\": \"Ishmael\"}";
      case "summary" -> "{\"sentences\":[\"A man goes to sea.\",\"He is poor.\",\"A third.\"]}";
      case "languages" -> "{\"languages\":[{\"code\":\"en\",\"confidence\":0.9}]}";
      case "classification" -> {
        JsonNode labels = format.at("/schema/properties/scores/items/properties/label/enum");
        ObjectNode answer = Wire.object();
        var scores = answer.putArray("scores");
        labels.forEach(label -> scores.addObject().set("label", label).put("score", 0.5));
        scores.addObject().put("label", "none of the job's").put("score", 1);
        yield Wire.line(answer);
      }
      default -> "It is about a man — and the sea.";
    };
  }

  private static String completion(String text) {
    ObjectNode message = Wire.object().put("role", "assistant").put("content", text);
    return "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"tiny-1\",\"choices\":[{\"index\":0,"
               + "\"message\":"
        + Wire.line(message)
        + ",\"finish_reason\":\"stop\"}],\"usage\":"
        + USAGE_OF_CHAT
        + "}";
  }

  private static List<String> chunks(String text) {
    var events = new ArrayList<String>();
    for (int at = 0; at < text.length(); at += 5) {
      String piece = text.substring(at, Math.min(text.length(), at + 5));
      events.add(
          "data: {\"model\":\"tiny-1\",\"choices\":[{\"index\":0,\"delta\":"
              + Wire.line(Wire.object().put("content", piece))
              + ",\"finish_reason\":null}]}");
    }
    events.add("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}");
    events.add("data: {\"model\":\"tiny-1\",\"choices\":[],\"usage\":" + USAGE_OF_CHAT + "}");
    events.add("data: [DONE]");
    return events;
  }

  private static String response(String text) {
    ObjectNode content = Wire.object().put("type", "output_text").put("text", text);
    return "{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"error\":null,\"model\":"
               + "\"tiny-1\",\"output\":[{\"type\":\"reasoning\",\"summary\":[]},{\"type\":\"message\","
               + "\"content\":["
        + Wire.line(content)
        + "]}],\"usage\":"
        + USAGE_OF_RESPONSES
        + "}";
  }

  private static List<String> events(String text) {
    ObjectNode delta = Wire.object().put("type", "response.output_text.delta").put("delta", text);
    return List.of(
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{}}",
        "event: response.output_text.delta\ndata: " + Wire.line(delta),
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":"
            + response(text)
            + "}");
  }
}
