package dev.penstock.http.openai;

import dev.penstock.http.ErrorBody;
import dev.penstock.http.Prompts;
import dev.penstock.http.Reply;
import dev.penstock.http.ServerSentEvent;
import dev.penstock.http.StreamedReply;
import dev.penstock.http.Wire;
import dev.penstock.job.JobInput;
import dev.penstock.job.Usage;
import dev.penstock.provider.Progress;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /responses}, without anything being stored there. */
final class Responses implements WritingApi {
  /** The least that the API takes. */
  private static final int LEAST_OUTPUT_TOKENS = 16;

  private final OpenAiOptions options;

  Responses(OpenAiOptions options) {
    this.options = options;
  }

  @Override
  public String path() {
    return "/responses";
  }

  @Override
  public ObjectNode body(JobInput input, String model, boolean streamed) {
    ObjectNode body = Wire.object().put("model", model).put("store", false);
    JsonNode schema = Prompts.schema(input);
    String system = SchemaPrompt.system(input, schema, options.responseFormat());
    if (system != null) {
      body.put("instructions", system);
    }
    body.putArray("input").addObject().put("role", "user").put("content", input.text());
    body.put(
        "max_output_tokens",
        Math.max(
            LEAST_OUTPUT_TOKENS,
            Prompts.maxOutputTokens(input, options.common().maxOutputTokens())));
    if (schema != null) {
      format(body, input, schema);
    }
    if (streamed) {
      body.put("stream", true);
    }
    return body;
  }

  private void format(ObjectNode body, JobInput input, JsonNode schema) {
    switch (options.responseFormat()) {
      case JSON_SCHEMA -> {
        ObjectNode format = body.putObject("text").putObject("format").put("type", "json_schema");
        format.put("name", Prompts.schemaName(input)).put("strict", Prompts.isStrict(input));
        format.set("schema", schema);
      }
      case JSON_OBJECT -> body.putObject("text").putObject("format").put("type", "json_object");
      case NONE -> {
        // The prompt says it all.
      }
    }
  }

  @Override
  public Reply reply(JsonNode body) {
    String status = Wire.text(body, "status");
    String model = Wire.text(body, "model");
    Usage usage = usage(body.path("usage"));
    return switch (status) {
      case "completed" -> completed(body, model, usage, Reply.End.COMPLETE);
      case "incomplete" -> {
        String reason = Wire.text(body.path("incomplete_details"), "reason");
        yield completed(
            body,
            model,
            usage,
            "content_filter".equals(reason) ? Reply.End.REFUSED : Reply.End.LENGTH);
      }
      case "failed" -> new Reply.Errored(model, usage, ErrorBody.of(body));
      case null -> new Reply.Malformed("has no status");
      default -> new Reply.Malformed("is not finished: its status is no end");
    };
  }

  /** All texts of all messages in the output; reasoning and calls of tools are passed over. */
  private static Reply completed(
      JsonNode body, @Nullable String model, Usage usage, Reply.End end) {
    if (!body.path("output").isArray()) {
      return new Reply.Malformed("has no output");
    }
    var text = new StringBuilder();
    boolean refused = false;
    for (JsonNode item : body.path("output")) {
      for (JsonNode content : item.path("content")) {
        String type = Wire.text(content, "type");
        String piece = Wire.text(content, "text");
        refused |= "refusal".equals(type);
        if ("output_text".equals(type) && piece != null) {
          text.append(piece);
        }
      }
    }
    return new Reply.Written(model, usage, refused ? Reply.End.REFUSED : end, text.toString());
  }

  private static Usage usage(JsonNode usage) {
    return Wire.usage(
        Wire.count(usage, "input_tokens"),
        Wire.count(usage, "output_tokens"),
        Wire.count(usage.path("input_tokens_details"), "cached_tokens"));
  }

  @Override
  public StreamedReply streamed(Progress progress) {
    return new Events(progress);
  }

  /** The last event has the whole response; the pieces before it are progress. */
  private final class Events implements StreamedReply {
    private final Progress progress;
    private long chars;
    private @Nullable Reply last;

    private Events(Progress progress) {
      this.progress = progress;
    }

    @Override
    public boolean event(ServerSentEvent event) {
      if (event.data().equals("[DONE]")) {
        return true;
      }
      JsonNode said = Wire.read(event.data());
      String type = Wire.text(said, "type");
      switch (type == null ? event.name() : type) {
        case "response.output_text.delta" -> {
          String added = Wire.text(said, "delta");
          if (added != null && !added.isEmpty()) {
            chars += added.length();
            progress.came(added, chars);
          }
        }
        case "response.completed", "response.incomplete", "response.failed" ->
            last = reply(said.path("response"));
        case "error" -> last = new Reply.Errored(null, Usage.NONE, ErrorBody.of(said));
        default -> {
          // Of the some fifty others, all that matters stands in the last one too.
        }
      }
      return last != null;
    }

    @Override
    public Reply end() {
      return last == null
          ? new Reply.Malformed(
              "was cut: the stream ended after " + chars + " characters without response.completed")
          : last;
    }
  }
}
