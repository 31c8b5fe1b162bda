package dev.penstock.http.openai;

import dev.penstock.http.Dialect;
import dev.penstock.http.ErrorBody;
import dev.penstock.http.Header;
import dev.penstock.http.Prompts;
import dev.penstock.http.Reply;
import dev.penstock.http.Request;
import dev.penstock.http.StreamedReply;
import dev.penstock.http.Wire;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.Usage;
import dev.penstock.provider.Progress;
import dev.penstock.provider.ProviderCall;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The API of OpenAI: text by one of its two ways, vectors by {@code /embeddings}. */
final class OpenAiDialect implements Dialect {
  private static final Set<JobKind> KINDS = Set.copyOf(EnumSet.allOf(JobKind.class));

  private final OpenAiOptions options;
  private final WritingApi writing;

  OpenAiDialect(OpenAiOptions options, WritingApi writing) {
    this.options = options;
    this.writing = writing;
  }

  @Override
  public String vendor() {
    return "openai";
  }

  @Override
  public Set<JobKind> kinds() {
    return KINDS;
  }

  @Override
  public String model(ProviderCall call) {
    if (!call.target().model().isBlank()) {
      return call.target().model();
    }
    return call.input() instanceof JobInput.Embed
        ? options.embeddingModel()
        : options.common().model();
  }

  @Override
  public Request request(ProviderCall call, String model) {
    JobInput input = call.input();
    boolean embed = input instanceof JobInput.Embed;
    boolean streamed = options.common().stream() && Prompts.isLong(input);
    ObjectNode body;
    if (embed) {
      body = Wire.object().put("model", model).put("input", input.text());
      body.put("encoding_format", "float");
    } else {
      body = writing.body(input, model, streamed);
    }
    var headers = new ArrayList<Header>();
    if (!options.organization().isEmpty()) {
      headers.add(new Header("openai-organization", options.organization()));
    }
    if (!options.project().isEmpty()) {
      headers.add(new Header("openai-project", options.project()));
    }
    if (options.idempotencyKey()) {
      headers.add(new Header("idempotency-key", call.idempotencyKey()));
    }
    String query = options.apiVersion().isEmpty() ? "" : "?api-version=" + options.apiVersion();
    return new Request((embed ? "/embeddings" : writing.path()) + query, headers, body, streamed);
  }

  @Override
  public Header key(String key) {
    return new Header(
        options.keyHeader(), options.keyHeader().equals("authorization") ? "Bearer " + key : key);
  }

  @Override
  public Reply reply(JobInput input, JsonNode body) {
    return input instanceof JobInput.Embed ? vector(body) : writing.reply(body);
  }

  @Override
  public StreamedReply streamed(JobInput input, Progress progress) {
    return writing.streamed(progress);
  }

  private static Reply vector(JsonNode body) {
    if (body.hasNonNull("error")) {
      return new Reply.Errored(Wire.text(body, "model"), Usage.NONE, ErrorBody.of(body));
    }
    JsonNode numbers = body.path("data").path(0).path("embedding");
    if (!numbers.isArray() || numbers.isEmpty()) {
      return new Reply.Malformed("has no data[0].embedding");
    }
    var values = new float[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode number = numbers.get(i);
      if (!number.isNumber()) {
        return new Reply.Malformed("has an embedding with something that is no number");
      }
      values[i] = (float) number.doubleValue();
    }
    return new Reply.Vector(
        Wire.text(body, "model"),
        Wire.usage(Wire.count(body.path("usage"), "prompt_tokens"), 0, 0),
        values);
  }
}
