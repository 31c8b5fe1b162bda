package dev.penstock.http.anthropic;

import dev.penstock.http.Dialect;
import dev.penstock.http.ErrorBody;
import dev.penstock.http.Header;
import dev.penstock.http.HttpProviders.Common;
import dev.penstock.http.Prompts;
import dev.penstock.http.Reply;
import dev.penstock.http.Request;
import dev.penstock.http.ServerSentEvent;
import dev.penstock.http.StreamedReply;
import dev.penstock.http.Wire;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.Usage;
import dev.penstock.provider.Progress;
import dev.penstock.provider.ProviderCall;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code POST /messages}. JSON is asked for as the input of a tool that the model has to use, since
 * that is checked against a schema by all versions of the API.
 */
final class Messages implements Dialect {
  private static final Set<JobKind> KINDS =
      Set.copyOf(EnumSet.complementOf(EnumSet.of(JobKind.EMBED)));

  private final Common common;
  private final String version;
  private final String path;

  Messages(Common common, String version) {
    this.common = common;
    this.version = version;
    // Both are common: the host alone, as the official clients want it, and with the version.
    this.path = common.baseUrl().matches(".*/v1/*") ? "/messages" : "/v1/messages";
  }

  @Override
  public String vendor() {
    return "anthropic";
  }

  @Override
  public Set<JobKind> kinds() {
    return KINDS;
  }

  @Override
  public String model(ProviderCall call) {
    return call.target().model().isBlank() ? common.model() : call.target().model();
  }

  @Override
  public Request request(ProviderCall call, String model) {
    JobInput input = call.input();
    ObjectNode body = Wire.object().put("model", model);
    body.put("max_tokens", Prompts.maxOutputTokens(input, common.maxOutputTokens()));
    String system = Prompts.system(input);
    if (system != null) {
      body.put("system", system);
    }
    body.putArray("messages").addObject().put("role", "user").put("content", input.text());
    JsonNode schema = Prompts.schema(input);
    if (schema != null) {
      String tool = Prompts.schemaName(input);
      body.putArray("tools")
          .addObject()
          .put("name", tool)
          .put("description", "Takes the answer.")
          .set("input_schema", schema);
      body.putObject("tool_choice").put("type", "tool").put("name", tool);
    }
    boolean streamed = common.stream() && Prompts.isLong(input);
    if (streamed) {
      body.put("stream", true);
    }
    return new Request(path, List.of(new Header("anthropic-version", version)), body, streamed);
  }

  @Override
  public Header key(String key) {
    return new Header("x-api-key", key);
  }

  @Override
  public Reply reply(JobInput input, JsonNode body) {
    if (body.hasNonNull("error")) {
      return new Reply.Errored(null, Usage.NONE, ErrorBody.of(body));
    }
    if (!body.path("content").isArray()) {
      return new Reply.Malformed("has no content");
    }
    String reason = Wire.text(body, "stop_reason");
    if (reason == null) {
      return new Reply.Malformed("has no stop_reason");
    }
    boolean tool = Prompts.schema(input) != null;
    var text = new StringBuilder();
    for (JsonNode block : body.path("content")) {
      String type = Wire.text(block, "type");
      if (tool && "tool_use".equals(type)) {
        text.append(Wire.line(block.path("input")));
      } else if (!tool && "text".equals(type)) {
        String piece = Wire.text(block, "text");
        text.append(piece == null ? "" : piece);
      }
    }
    return written(Wire.text(body, "model"), usage(body.path("usage")), reason, text.toString());
  }

  @Override
  public StreamedReply streamed(JobInput input, Progress progress) {
    return new Events(Prompts.schema(input) != null, progress);
  }

  private static Reply written(@Nullable String model, Usage usage, String reason, String text) {
    Reply.End end =
        switch (reason) {
          case "refusal" -> Reply.End.REFUSED;
          case "max_tokens" -> Reply.End.LENGTH;
          case "model_context_window_exceeded" -> Reply.End.CONTEXT;
          default -> Reply.End.COMPLETE;
        };
    return new Reply.Written(model, usage, end, text);
  }

  /** What was read from the cache, and what was written to it, is counted apart from the input. */
  private static Usage usage(JsonNode usage) {
    long cached = Wire.count(usage, "cache_read_input_tokens");
    return Wire.usage(
        Wire.count(usage, "input_tokens")
            + Wire.count(usage, "cache_creation_input_tokens")
            + cached,
        Wire.count(usage, "output_tokens"),
        cached);
  }

  /** The events of one message, from {@code message_start} to {@code message_stop}. */
  private static final class Events implements StreamedReply {
    private final boolean tool;
    private final Progress progress;
    private final StringBuilder text = new StringBuilder();
    private final ObjectNode counts = Wire.object();
    private @Nullable String model;
    private @Nullable String reason;
    private @Nullable ErrorBody error;
    private boolean stopped;

    private Events(boolean tool, Progress progress) {
      this.tool = tool;
      this.progress = progress;
    }

    @Override
    public boolean event(ServerSentEvent event) {
      JsonNode said = Wire.read(event.data());
      String type = Wire.text(said, "type");
      switch (type == null ? event.name() : type) {
        case "message_start" -> {
          model = Wire.text(said.path("message"), "model");
          count(said.path("message").path("usage"));
        }
        case "content_block_delta" -> delta(said.path("delta"));
        case "message_delta" -> {
          String why = Wire.text(said.path("delta"), "stop_reason");
          reason = why == null ? reason : why;
          count(said.path("usage"));
        }
        case "message_stop" -> stopped = true;
        case "error" -> error = ErrorBody.of(said);
        default -> {
          // Starts and ends of blocks, pings, and what there will be in future.
        }
      }
      return stopped || error != null;
    }

    /** Counts are cumulative: the last one said holds. */
    private void count(JsonNode usage) {
      usage.properties().forEach(field -> counts.set(field.getKey(), field.getValue()));
    }

    private void delta(JsonNode delta) {
      String added =
          switch (Wire.text(delta, "type")) {
            case "text_delta" -> tool ? null : Wire.text(delta, "text");
            case "input_json_delta" -> tool ? Wire.text(delta, "partial_json") : null;
            case null, default -> null;
          };
      if (added != null && !added.isEmpty()) {
        text.append(added);
        progress.came(added, text.length());
      }
    }

    @Override
    public Reply end() {
      Usage used = usage(counts);
      if (error != null) {
        return new Reply.Errored(model, used, error);
      }
      if (!stopped || reason == null) {
        return new Reply.Malformed(
            "was cut: the stream ended after "
                + text.length()
                + " characters without "
                + (reason == null ? "a stop_reason" : "message_stop"));
      }
      return written(model, used, reason, text.toString());
    }
  }
}
