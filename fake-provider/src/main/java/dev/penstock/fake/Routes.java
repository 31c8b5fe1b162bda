package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.io.IOException;
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
  private final Map<String, Operation> operations;

  Routes(Calls calls, Control control, Ticker ticker) {
    this.calls = calls;
    this.control = control;
    this.ticker = ticker;
    this.operations = Map.of("/chat/completions", new OpenAiChat(openAi));
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

  private Reply lookUp(Request request, String rest) {
    String key = openAi.keyOf(request);
    String requestId = openAi.requestId(Mix.of(ticker.nanos()));
    Reply reply;
    if (!calls.knows(key)) {
      reply = openAi.reply(key.isEmpty() ? openAi.noKey() : openAi.wrongKey(key), requestId);
    } else if (request.method().equals("GET") && rest.equals("/models")) {
      ObjectNode list = Json.MAPPER.createObjectNode().put("object", "list");
      var data = list.putArray("data");
      models().forEach(model -> data.add(model(model)));
      reply = Reply.json(200, list);
    } else if (request.method().equals("GET") && rest.startsWith("/models/")) {
      String model = rest.substring("/models/".length());
      reply =
          models().contains(model)
              ? Reply.json(200, model(model))
              : openAi.reply(openAi.noSuchModel(model), requestId);
    } else {
      reply = openAi.reply(openAi.unknownPath(request), requestId);
    }
    return reply.with(
        openAi.headers(requestId, java.time.Duration.ZERO, LimitState.NONE, ticker.now()));
  }

  private List<String> models() {
    List<String> scripted = calls.script().models();
    return scripted.isEmpty() ? DEFAULT_MODELS : scripted;
  }

  private static ObjectNode model(String name) {
    return Json.MAPPER
        .createObjectNode()
        .put("id", name)
        .put("object", "model")
        .put("created", 1_700_000_000)
        .put("owned_by", "fake");
  }
}
