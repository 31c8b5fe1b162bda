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
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /chat/completions}: the one that all compatible servers have. */
final class ChatCompletions implements WritingApi {
  private final OpenAiOptions options;

  ChatCompletions(OpenAiOptions options) {
    this.options = options;
  }

  @Override
  public String path() {
    return "/chat/completions";
  }

  @Override
  public ObjectNode body(JobInput input, String model, boolean streamed) {
    ObjectNode body = Wire.object().put("model", model);
    ArrayNode messages = body.putArray("messages");
    JsonNode schema = Prompts.schema(input);
    String system = SchemaPrompt.system(input, schema, options.responseFormat());
    if (system != null) {
      messages.addObject().put("role", "system").put("content", system);
    }
    messages.addObject().put("role", "user").put("content", input.text());
    body.put(
        options.maxTokensField(),
        Prompts.maxOutputTokens(input, options.common().maxOutputTokens()));
    if (schema != null) {
      format(body, input, schema);
    }
    if (streamed) {
      body.put("stream", true);
      body.putObject("stream_options").put("include_usage", true);
    }
    return body;
  }

  private void format(ObjectNode body, JobInput input, JsonNode schema) {
    switch (options.responseFormat()) {
      case JSON_SCHEMA -> {
        ObjectNode format = body.putObject("response_format").put("type", "json_schema");
        ObjectNode named = format.putObject("json_schema");
        named.put("name", Prompts.schemaName(input)).put("strict", Prompts.isStrict(input));
        named.set("schema", schema);
      }
      case JSON_OBJECT -> body.putObject("response_format").put("type", "json_object");
      case NONE -> {
        // The prompt says it all.
      }
    }
  }

  @Override
  public Reply reply(JsonNode body) {
    // Some servers answer errors with 200.
    if (body.hasNonNull("error")) {
      return new Reply.Errored(
          Wire.text(body, "model"), usage(body.path("usage")), ErrorBody.of(body));
    }
    JsonNode choice = body.path("choices").path(0);
    JsonNode message = choice.path("message");
    String reason = Wire.text(choice, "finish_reason");
    if (!message.isObject()) {
      return new Reply.Malformed("has no choices[0].message");
    }
    if (reason == null) {
      return new Reply.Malformed("has no choices[0].finish_reason");
    }
    String text = Wire.text(message, "content");
    boolean refused = Wire.text(message, "refusal") != null;
    return written(
        Wire.text(body, "model"),
        usage(body.path("usage")),
        reason,
        refused,
        text == null ? "" : text);
  }

  @Override
  public StreamedReply streamed(Progress progress) {
    return new Chunks(progress);
  }

  private static Reply written(
      @Nullable String model, Usage usage, String reason, boolean refused, String text) {
    Reply.End end =
        switch (reason) {
          case "content_filter" -> Reply.End.REFUSED;
          case "length" -> Reply.End.LENGTH;
          default -> Reply.End.COMPLETE;
        };
    return new Reply.Written(model, usage, refused ? Reply.End.REFUSED : end, text);
  }

  private static Usage usage(JsonNode usage) {
    return Wire.usage(
        Wire.count(usage, "prompt_tokens"),
        Wire.count(usage, "completion_tokens"),
        Wire.count(usage.path("prompt_tokens_details"), "cached_tokens"));
  }

  /** The pieces of a stream, which ends with {@code [DONE]}. */
  private static final class Chunks implements StreamedReply {
    private final Progress progress;
    private final StringBuilder text = new StringBuilder();
    private @Nullable String model;
    private @Nullable String reason;
    private @Nullable ErrorBody error;
    private Usage usage = Usage.NONE;
    private boolean refused;
    private boolean done;

    private Chunks(Progress progress) {
      this.progress = progress;
    }

    @Override
    public boolean event(ServerSentEvent event) {
      if (event.data().equals("[DONE]")) {
        done = true;
        return true;
      }
      JsonNode chunk = Wire.read(event.data());
      if (chunk.hasNonNull("error")) {
        error = ErrorBody.of(chunk);
        return true;
      }
      String named = Wire.text(chunk, "model");
      model = named == null || named.isEmpty() ? model : named;
      if (chunk.path("usage").isObject()) {
        usage = usage(chunk.path("usage"));
      }
      JsonNode choice = chunk.path("choices").path(0);
      String said = Wire.text(choice, "finish_reason");
      reason = said == null ? reason : said;
      refused |= Wire.text(choice.path("delta"), "refusal") != null;
      String added = Wire.text(choice.path("delta"), "content");
      if (added != null && !added.isEmpty()) {
        text.append(added);
        progress.came(added, text.length());
      }
      return false;
    }

    @Override
    public Reply end() {
      if (error != null) {
        return new Reply.Errored(model, usage, error);
      }
      if (!done || reason == null) {
        return new Reply.Malformed(
            "was cut: the stream ended after "
                + text.length()
                + " characters without "
                + (reason == null ? "a finish_reason" : "[DONE]"));
      }
      return written(model, usage, reason, refused, text.toString());
    }
  }
}
