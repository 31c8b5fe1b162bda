package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/** Which request goes where. */
final class Routes implements HttpServer.Handler {
  private static final List<String> DEFAULT_MODELS =
      List.of("gpt-fake-1", "claude-fake-1", "text-embedding-fake-1");

  /** Azure names the deployment in the path. */
  private static final Pattern PREFIX =
      Pattern.compile("(/v1|/openai/v1|/openai/deployments/[^/]+)(/.*)");

  private final Calls calls;
  private final Control control;
  private final Ticker ticker;
  private final Protocol openAi = new OpenAi();
  private final Protocol anthropic = new Anthropic();
  private final Map<String, Operation> operations;

  Routes(Calls calls, Control control, Ticker ticker) {
    this.calls = calls;
    this.control = control;
    this.ticker = ticker;
    this.operations =
        Map.of(
            "/chat/completions", new OpenAiChat(openAi),
            "/responses", new OpenAiResponses(openAi),
            "/embeddings", new OpenAiEmbeddings(openAi),
            "/messages", new AnthropicMessages(anthropic),
            "/messages/count_tokens", new AnthropicTokenCount(anthropic));
  }

  @Override
  public boolean handle(Request request, Connection connection)
      throws IOException, InterruptedException {
    if (request.path().startsWith(Control.PREFIX)) {
      control.serve(request, connection);
      return request.staysOpen();
    }
    Matcher matcher = PREFIX.matcher(request.path());
    String rest = matcher.matches() ? matcher.group(2) : "";
    Optional<Operation> operation =
        request.method().equals("POST")
            ? Optional.ofNullable(operations.get(rest))
            : Optional.empty();
    if (operation.isPresent()) {
      return calls.serve(operation.get(), request, connection);
    }
    lookUp(request, rest).writeTo(connection);
    return request.staysOpen();
  }

  /** What does no work, and has no limits. */
  private Reply lookUp(Request request, String rest) {
    boolean isAnthropic =
        !request.header("anthropic-version").isEmpty() || rest.startsWith("/messages");
    Protocol protocol = isAnthropic ? anthropic : openAi;
    String key = protocol.keyOf(request);
    String requestId = protocol.requestId(Mix.of(ticker.nanos()));
    Reply reply;
    if (!calls.knows(key)) {
      reply = protocol.reply(key.isEmpty() ? protocol.noKey() : protocol.wrongKey(key), requestId);
    } else if (request.method().equals("GET") && rest.equals("/models")) {
      reply = Reply.json(200, isAnthropic ? anthropicModels() : openAiModels());
    } else if (request.method().equals("GET") && rest.startsWith("/models/")) {
      String model = rest.substring("/models/".length());
      reply =
          models().contains(model)
              ? Reply.json(200, isAnthropic ? anthropicModel(model) : openAiModel(model))
              : protocol.reply(protocol.noSuchModel(model), requestId);
    } else {
      reply = protocol.reply(protocol.unknownPath(request), requestId);
    }
    return reply.with(protocol.headers(requestId, Duration.ZERO, LimitState.NONE, ticker.now()));
  }

  private List<String> models() {
    List<String> scripted = calls.script().models();
    return scripted.isEmpty() ? DEFAULT_MODELS : scripted;
  }

  private ObjectNode openAiModels() {
    ObjectNode list = Json.MAPPER.createObjectNode().put("object", "list");
    var data = list.putArray("data");
    models().forEach(model -> data.add(openAiModel(model)));
    return list;
  }

  private static ObjectNode openAiModel(String name) {
    return Json.MAPPER
        .createObjectNode()
        .put("id", name)
        .put("object", "model")
        .put("created", 1_700_000_000)
        .put("owned_by", "fake");
  }

  private ObjectNode anthropicModels() {
    ObjectNode list = Json.MAPPER.createObjectNode();
    var data = list.putArray("data");
    models().forEach(model -> data.add(anthropicModel(model)));
    list.put("has_more", false);
    list.put("first_id", models().getFirst());
    list.put("last_id", models().getLast());
    return list;
  }

  private static ObjectNode anthropicModel(String name) {
    return Json.MAPPER
        .createObjectNode()
        .put("type", "model")
        .put("id", name)
        .put("display_name", name)
        .put("created_at", "2026-01-01T00:00:00Z");
  }
}
